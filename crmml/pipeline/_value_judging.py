"""How a value pipeline is judged: forecasts beside what came, and week by week."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from crmml._utils._durations import Duration
from crmml.exceptions import SchemaError
from crmml.features._builder import PointInTimeBuilder
from crmml.models import GammaGammaModel
from crmml.models._purchase_model import PurchaseModel
from crmml.pipeline._value_backtest import score_forecasts
from crmml.pipeline._value_parts import check_value_parts
from crmml.pipeline._value_tracking import track_purchases
from crmml.pipeline._value_verdict import summarise_forecasts
from crmml.tables._coerce import as_tables


class ValueJudging:
    """Backtest and tracking of a :class:`ValuePipeline`."""

    purchases: PurchaseModel
    spend: GammaGammaModel | None
    grain: Literal["day", "order"]
    covariates: PointInTimeBuilder | None
    purchases_: PurchaseModel

    def backtest(
        self,
        tables: Any,
        cutoffs: Any,
        *,
        horizon: Duration,
        features: PointInTimeBuilder | None = None,
        regressor: Any = None,
    ) -> pd.DataFrame:
        """Measure how good forecasts would have been, out of time.

        At each cutoff the models are fitted anew to what was known by then, and their
        forecasts are laid beside what customers did in the horizon after it: next to
        them two rules, that everybody goes on as before (rate of all history times mean
        repeat spend) and as lately (purchases and money of the last horizon), and, if
        given, a regressor that learned from the features one horizon earlier.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The cutoffs to test; the horizon after each must be over.
        horizon : duration
            How far to look ahead, whole days.
        features : feature builder, optional
            What `regressor` learns from.
        regressor : estimator, optional
            Such as :class:`crmml.models.LifetimeValueRegressor`, for money.

        Returns
        -------
        pandas.DataFrame
            One row for each cutoff, quantity (``purchases``, ``spend``) and model,
            with the measures of :func:`crmml.evaluation.compute_value_summary`, and
            for ``mae``, ``bias`` and ``gini`` the ends ``_low`` and ``_high`` of a 95
            percent interval, by drawing customers again 400 times (of more than
            20,000, as many stand for all). The verdict in words is
            ``attrs["verdict"]``.

        Raises
        ------
        LeakageError
            If a horizon is not over.
        SchemaError
            As in :meth:`backtest_scores`.
        """
        scores = self.backtest_scores(
            tables, cutoffs, horizon=horizon, features=features, regressor=regressor
        )
        return summarise_forecasts(scores)

    def backtest_scores(
        self,
        tables: Any,
        cutoffs: Any,
        *,
        horizon: Duration,
        features: PointInTimeBuilder | None = None,
        regressor: Any = None,
    ) -> pd.DataFrame:
        """Return what :meth:`backtest` measures: every forecast beside what came.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The cutoffs to test; the horizon after each must be over.
        horizon : duration
            How far to look ahead, whole days.
        features : feature builder, optional
            What `regressor` learns from.
        regressor : estimator, optional
            Such as :class:`crmml.models.LifetimeValueRegressor`, for money.

        Returns
        -------
        pandas.DataFrame
            Columns ``cutoff``, ``customer_id``, ``frequency`` (as of the cutoff),
            ``quantity``, ``model``, ``forecast`` and ``actual``: one row for each
            customer, quantity and model. Deciles are made of it by
            :func:`crmml.evaluation.compute_value_deciles`, and means by past frequency
            by :func:`crmml.evaluation.compute_conditional_expectations`.

        Raises
        ------
        LeakageError
            If a horizon is not over.
        SchemaError
            If only one of features and regressor is given, or the parts cannot be
            used.
        """
        check_value_parts(self.purchases, self.spend, self.grain, self.covariates)
        if (features is None) != (regressor is None):
            raise SchemaError("Give features and regressor, or neither.")
        if regressor is not None and self.spend is None:
            raise SchemaError("A regressor predicts money: give a spend model as well.")
        return score_forecasts(
            self, as_tables(tables), cutoffs, horizon, features, regressor
        )

    def compute_tracking(
        self, tables: Any, cutoff: Any, *, horizon: Duration, period: Duration = "7D"
    ) -> pd.DataFrame:
        r"""Lay expected repeat purchases beside those that came, period by period.

        Followed are the customers who had bought before the cutoff, from their first
        purchases on. With :math:`n_s` customers who first bought at s, and E(t) the
        repeat purchases that the fitted model expects of a new customer until age t,
        it expects :math:`\sum_{s<t} n_s E(t - s)` of them all until t.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            Where the history ends that the model was fitted to.
        horizon : duration
            How far to follow the customers after it, a multiple of `period`; that time
            must be over.
        period : duration, default="7D"
            Length of a period, a multiple of a day, or of the unit of a
            :class:`crmml.models.BetaBinomialModel`. The cutoff is where one begins.

        Returns
        -------
        pandas.DataFrame
            One row a period: ``period_end``, ``actual`` and ``expected`` repeat
            purchases in it, ``cumulative_actual`` and ``cumulative_expected`` until its
            end, and ``is_forecast``, whether it lies after the cutoff.

        Raises
        ------
        LeakageError
            If the horizon is not over.
        SchemaError
            If the period does not fit into the horizon.

        See Also
        --------
        crmml.plotting.plot_tracking : The picture.

        Notes
        -----
        Orders are counted by day, and expected as if they came at noon.

        References
        ----------
        .. [1] Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). Counting your
           customers the easy way. Marketing Science 24(2).
           https://doi.org/10.1287/mksc.1040.0098
        """
        check_is_fitted(self, "purchases_")
        found = track_purchases(
            self.purchases_, self.grain, as_tables(tables), cutoff, horizon, period
        )
        return found.astype({"actual": np.int64, "cumulative_actual": np.int64})

"""Value as a basis of decisions: when it comes, of whom, and of customers to win."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from crmml._utils._durations import Duration, check_duration
from crmml.evaluation import compute_customer_equity
from crmml.exceptions import SchemaError
from crmml.models import BetaBinomialModel, GammaGammaModel
from crmml.models._money import read_money
from crmml.models._purchase_model import PurchaseModel
from crmml.models._purchase_summary import new_customer
from crmml.pipeline._value_parts import forecast_value
from crmml.tables._coerce import as_tables
from crmml.tables._instants import check_cutoffs

_COHORTS = {"month": "M", "quarter": "Q", "year": "Y"}


class ValueDecisions:
    """What a fitted :class:`ValuePipeline` says of periods, cohorts, new customers."""

    purchases_: PurchaseModel
    spend_: GammaGammaModel | None

    def _summarise(self, tables: Any, cutoff: Any) -> pd.DataFrame:
        raise NotImplementedError

    def predict_by_period(
        self,
        tables: Any,
        cutoff: Any,
        *,
        horizon: Duration,
        period: Duration,
        margin: float,
        discount_rate: float,
    ) -> pd.DataFrame:
        """Say how each customer's lifetime value will come in, period by period.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            The instant we pretend it is.
        horizon : duration
            How far to look ahead, a multiple of `period`.
        period : duration
            Length of a period, such as ``"91D"``.
        margin : float
            What is earned of a purchase, as a fraction in (0, 1].
        discount_rate : float
            By how much money loses value per year, as a fraction in [0, 1).

        Returns
        -------
        pandas.DataFrame of shape (n_customers, n_periods)
            Today's value of what each period brings, indexed by customer_id, columns
            ``period_end``; rows add up to ``lifetime_value`` of :meth:`predict`.
            Missing for who never bought.

        Raises
        ------
        SchemaError
            If no spend model was fitted, or the horizon is no multiple of the period.
        """
        self._check_spend()
        ends = _split(horizon, period)
        tables = as_tables(tables)
        summary = self._summarise(tables, cutoff)
        bought = summary[summary["T"].notna()]
        money = {"margin": margin, "discount_rate": discount_rate}
        models = (self.purchases_, self.spend_)
        until = [
            forecast_value(*models, bought, end, money)["lifetime_value"]
            for end in ends
        ]
        begin = check_cutoffs(cutoff, tables)[0]
        instant = pd.Timestamp(begin, unit="us", tz="UTC" if tables.is_aware else None)
        values = pd.DataFrame(
            np.diff(np.column_stack(until), prepend=0.0, axis=1),
            index=bought.index,
            columns=pd.DatetimeIndex([instant + end for end in ends]),
        )
        return values.reindex(summary.index).rename_axis(columns="period_end")

    def predict_new_customer(
        self,
        *,
        horizon: Duration,
        period: Duration,
        margin: float,
        discount_rate: float,
        covariates: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """Say what an average new customer will bring, period by period.

        Parameters
        ----------
        horizon : duration
            How far to look from the first purchase on, a multiple of `period`.
        period : duration
            Length of a period, such as ``"30D"``.
        margin : float
            What is earned of a purchase, as a fraction in (0, 1].
        discount_rate : float
            By how much money loses value per year, as a fraction in [0, 1).
        covariates : mapping of str to float, default=None
            The customer's values, where the model of purchases has covariates.

        Returns
        -------
        pandas.DataFrame of shape (n_periods, 3)
            ``period`` (from 1), ``expected_purchases`` and ``value``, today's. The
            first purchase is one of those of period 1, worth as much as later ones.

        Raises
        ------
        SchemaError
            If no spend model was fitted, or the horizon is no multiple of the period.

        See Also
        --------
        crmml.evaluation.compute_payback : When these values have paid for winning him.
        """
        spend = self._check_spend()
        ends = _split(horizon, period)
        nobody = pd.DataFrame({"frequency": [0.0], "monetary_value": [np.nan]})
        each = read_money(
            spend.predict_expected_spend(nobody), 1, margin, discount_rate
        )
        model = self.purchases_
        new = new_customer(model._layout().read_values(covariates))
        unit = check_duration(model.unit, "unit")
        worth = [model._discount(new, end / unit, discount_rate)[0] for end in ends]
        bought = [
            model.predict_new_customer_purchases(end, covariates=covariates)
            for end in ends
        ]
        # The first purchase comes at once, for certain.
        return pd.DataFrame(
            {
                "period": np.arange(1, len(ends) + 1),
                "expected_purchases": np.diff(bought, prepend=-1.0),
                "value": np.diff(worth, prepend=-1.0) * margin * float(each[0]),
            }
        )

    def compute_equity(
        self,
        tables: Any,
        cutoff: Any,
        *,
        horizon: Duration,
        margin: float,
        discount_rate: float,
        cohort: str = "quarter",
    ) -> pd.DataFrame:
        """Add up what customers have brought and will bring, by first purchase.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            The instant we pretend it is.
        horizon : duration
            How far to look ahead.
        margin : float
            What is earned of a purchase, as a fraction in (0, 1].
        discount_rate : float
            By how much money loses value per year, as a fraction in [0, 1).
        cohort : {"month", "quarter", "year"}, default="quarter"
            Together are customers whose first purchase was in the same one.

        Returns
        -------
        pandas.DataFrame
            As of :func:`crmml.evaluation.compute_customer_equity`, indexed by text such
            as ``"2024Q1"``. Customers who never bought are in none.

        Raises
        ------
        SchemaError
            If no spend model was fitted, or there is no such cohort.
        """
        self._check_spend()
        if cohort not in _COHORTS:
            raise SchemaError(f"cohort must be one of {[*_COHORTS]}, got {cohort!r}.")
        tables = as_tables(tables)
        summary = self._summarise(tables, cutoff)
        bought = summary[summary["T"].notna()]
        money = {"margin": margin, "discount_rate": discount_rate}
        models = (self.purchases_, self.spend_)
        worth = forecast_value(*models, bought, horizon, money)
        unit = check_duration(self.purchases_.unit, "unit")
        # An opportunity is named by where it begins.
        is_discrete = isinstance(self.purchases_, BetaBinomialModel)
        ages = (bought["T"] + is_discrete).to_numpy() * unit.total_seconds()
        begin = check_cutoffs(cutoff, tables)[0] // 10**6
        first = pd.to_datetime(begin - np.round(ages).astype(np.int64), unit="s")
        return compute_customer_equity(
            first.to_period(_COHORTS[cohort]).astype(str),
            historic_value=worth["historic_value"],
            lifetime_value=worth["lifetime_value"],
        )

    def _check_spend(self) -> GammaGammaModel:
        check_is_fitted(self, "purchases_")
        if self.spend_ is None:
            raise SchemaError(
                "Money needs a spend model: ValuePipeline(..., "
                "spend=GammaGammaModel())."
            )
        return self.spend_


def _split(horizon: Duration, period: Duration) -> list[pd.Timedelta]:
    """Split a horizon into periods and return their ends."""
    length = check_duration(horizon, "horizon")
    width = check_duration(period, "period")
    if length % width:
        raise SchemaError(
            f"horizon must be a multiple of the period, got {length} and {width}."
        )
    return [k * width for k in range(1, length // width + 1)]

"""From tables to what each customer is worth."""

import warnings
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from crmml._utils._durations import Duration, check_duration
from crmml.exceptions import DataQualityWarning, SchemaError
from crmml.features import RFM, BTYDSummary, FeatureSet
from crmml.features._builder import PointInTimeBuilder
from crmml.models import BetaBinomialModel, GammaGammaModel
from crmml.models._purchase_model import PurchaseModel
from crmml.pipeline._value_decisions import ValueDecisions
from crmml.pipeline._value_judging import ValueJudging
from crmml.pipeline._value_parts import (
    check_money,
    check_value_parts,
    forecast_value,
    has_odd_spend,
)
from crmml.pipeline._value_periods import sum_log_gaps, summarise_opportunities
from crmml.tables._coerce import as_tables
from crmml.tables._instants import is_single


class ValuePipeline(ValueJudging, ValueDecisions, BaseEstimator):
    """Estimate what each customer has brought and will bring, from transactions.

    Purchases before the cutoff are summed up to frequency, recency, T and monetary
    value; one model says how often a customer will buy, another for how much.

    Parameters
    ----------
    purchases : estimator
        How often customers buy: :class:`crmml.models.BetaGeoModel`, or another of its
        kind. Its unit is that of the summary; the column that a
        :class:`crmml.models.RegularBetaGeoModel` names as `log_gaps` is made for it.
    spend : GammaGammaModel, optional
        For how much; None gives purchases without money.
    grain : {"day", "order"}, default="day"
        What is one purchase; see :class:`crmml.features.BTYDSummary`. Not for
        :class:`crmml.models.BetaBinomialModel`: all that is bought in one period of
        its unit is one there.
    covariates : feature builder, optional
        Makes the columns that `purchases` names as its covariates, such as
        ``CustomerAttributes(fixed=["channel_code"])``, as of each cutoff.

    Attributes
    ----------
    purchases_ : estimator
        The fitted model of purchases.
    spend_ : GammaGammaModel or None
        The fitted model of spend.
    n_customers_ : int
        Customers it was fitted to.
    n_never_bought_ : int
        Customers without a purchase before the cutoff, left out of fit.

    See Also
    --------
    crmml.models.LifetimeValueRegressor : Learns money to come from any features.

    Examples
    --------
    >>> from crmml.datasets import load_cdnow
    >>> from crmml.models import BetaGeoModel, GammaGammaModel
    >>> from crmml.pipeline import ValuePipeline
    >>> from crmml.tables import Transactions
    >>> sales = Transactions(
    ...     load_cdnow(sample=True),
    ...     customer_id="customer_id",
    ...     timestamp="date",
    ...     amount="dollar_value",
    ... )
    >>> value = ValuePipeline(
    ...     purchases=BetaGeoModel(unit="7D"), spend=GammaGammaModel()
    ... )
    >>> worth = value.fit(sales, "1997-10-01").predict(
    ...     sales, "1997-10-01", horizon="365D", margin=0.3, discount_rate=0.1
    ... )
    >>> worth.nlargest(2, "lifetime_value")["lifetime_value"].round(2).tolist()
    [352.8, 300.89]
    """

    def __init__(
        self,
        *,
        purchases: PurchaseModel,
        spend: GammaGammaModel | None = None,
        grain: Literal["day", "order"] = "day",
        covariates: PointInTimeBuilder | None = None,
    ) -> None:
        self.purchases = purchases
        self.spend = spend
        self.grain = grain
        self.covariates = covariates

    def fit(self, tables: Any, cutoff: Any) -> Self:
        """Learn how customers buy from what they did before a cutoff.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            Only earlier purchases are read.

        Returns
        -------
        self
            The fitted pipeline.

        Raises
        ------
        SchemaError
            If the tables lack what is needed, or more than one cutoff is given.
        NotEnoughHistoryError, DegenerateFitError
            If the customers do not determine the models.

        Warns
        -----
        DataQualityWarning
            If customers whose repeat purchases net out at zero or below are left out
            of the spend model.
        """
        check_value_parts(self.purchases, self.spend, self.grain, self.covariates)
        tables = as_tables(tables)
        self._learn_summary(tables, cutoff)
        summary = self._summarise(tables, cutoff)
        bought = summary[summary["T"].notna()]
        self.purchases_.fit(bought)
        self.spend_ = None
        if self.spend is not None:
            usable = ~has_odd_spend(bought)
            n_odd = int((~usable).sum())
            if n_odd:
                warnings.warn(
                    f"Repeat purchases of {n_odd} of {len(bought)} customers net out "
                    "at zero or below (gifts, returns); they are left out of the "
                    "spend model and expected to spend as all others do.",
                    DataQualityWarning,
                    stacklevel=2,
                )
            self.spend_ = clone(self.spend).fit(bought[usable])
        self.n_customers_ = len(bought)
        self.n_never_bought_ = len(summary) - len(bought)
        return self

    def predict(
        self,
        tables: Any,
        cutoff: Any,
        *,
        horizon: Duration,
        margin: float | None = None,
        discount_rate: float | None = None,
    ) -> pd.DataFrame:
        """Say what each customer is expected to buy and to bring.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoff : str or datetime
            The instant we pretend it is.
        horizon : duration
            How far to look ahead.
        margin : float, optional
            What is earned of a purchase, as a fraction in (0, 1]. Needed for money.
        discount_rate : float, optional
            By how much money loses value per year, as a fraction. Needed for money.

        Returns
        -------
        pandas.DataFrame of shape (n_customers, 3 to 7)
            Columns ``customer_id``, ``alive_probability`` (at the cutoff),
            ``expected_purchases`` (in the horizon) and, with a spend model,
            ``expected_spend`` (per purchase) and three values: ``historic_value``,
            what was brought so far (margin, not discounted); ``lifetime_value``, what
            is expected of the horizon (discounted margin); ``potential_value``, what
            it would be if the customer were there for certain, and so what a saved or
            won-back customer is worth. Ordered by customer_id; missing for who never
            bought.

        Raises
        ------
        SchemaError
            If margin or discount rate are missing beside a spend model, or given
            without one.
        """
        check_is_fitted(self, "purchases_")
        money = {"margin": margin, "discount_rate": discount_rate}
        check_money(money, has_spend=self.spend_ is not None)
        summary = self._summarise(as_tables(tables), cutoff)
        has_bought = summary["T"].notna().to_numpy()
        result = pd.DataFrame({"customer_id": summary.index})
        models = (self.purchases_, self.spend_)
        forecast = forecast_value(*models, summary[has_bought], horizon, money)
        for name, values in forecast.items():
            column = np.full(len(summary), np.nan)
            column[has_bought] = values
            result[name] = column
        return result

    def _learn_summary(self, tables: Any, cutoff: Any) -> None:
        """Learn what the summary of a snapshot is made of, before any model is."""
        self.purchases_ = clone(self.purchases)
        builders: list[PointInTimeBuilder] = [
            BTYDSummary(unit=self.purchases.unit, grain=self.grain)
        ]
        if self.spend is not None:
            tables.table("transactions").column_of("amount")
            builders.append(RFM())
        if self.covariates is not None:
            builders.append(clone(self.covariates))
        self._features = FeatureSet(builders).fit(tables, cutoff)

    def _summarise(self, tables: Any, cutoff: Any) -> pd.DataFrame:
        if not is_single(cutoff):
            raise SchemaError("Give one cutoff; call it once for each.")
        if isinstance(self.purchases_, BetaBinomialModel):
            unit = check_duration(self.purchases_.unit, "unit")
            return summarise_opportunities(tables, cutoff, unit)
        frame: pd.DataFrame = self._features.transform(tables, cutoff)
        log_gaps = getattr(self.purchases_, "log_gaps", None)
        if log_gaps is not None:
            unit = check_duration(self.purchases_.unit, "unit")
            sums = sum_log_gaps(tables, cutoff, unit)
            frame[log_gaps] = sums.reindex(frame.index).to_numpy()
        return frame

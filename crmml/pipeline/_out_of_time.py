"""Test a pipeline out of time, beside the rules that the shop has anyway."""

from collections.abc import Mapping, Sized
from typing import Any

import pandas as pd

from crmml._utils._arguments import check_count
from crmml.features._builder import PointInTimeBuilder
from crmml.labels._label import WindowLabel
from crmml.pipeline._backtest import Backtest, summarise, walk_forward
from crmml.pipeline._panel import check_parts
from crmml.tables._coerce import as_tables
from crmml.tables._instants import check_cutoffs


class OutOfTimeMixin:
    """The methods of a pipeline that measure it on later outcomes."""

    features: PointInTimeBuilder
    label: WindowLabel
    classifier: Any
    calibration: str | None

    def backtest(
        self,
        tables: Any,
        cutoffs: Any,
        *,
        train_cutoffs: Any = None,
        money: Mapping[str, Any] | None = None,
        customer_folds: int | None = None,
    ) -> pd.DataFrame:
        """Measure how well leavers would have been predicted, out of time.

        Each tested cutoff is scored by a classifier that is fitted anew, to the
        snapshots whose label windows had closed by then: training cutoffs and earlier
        tested ones.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The snapshots to test; their label windows must be over too.
        train_cutoffs : str, datetime or list of them, optional
            Snapshots to train on. Default: those of ``fit``, if it was called.
        money : mapping of str to float or str, optional
            ``clv``, ``accept_rate``, ``incentive_cost`` and ``contact_cost`` as in
            :func:`crmml.evaluation.expected_profit_score`: each a number, or the name
            of a feature, which is known at the cutoff.
        customer_folds : int, optional
            Test each customer by a classifier that has learned from other customers
            only: they are split into so many groups, at least 2, and each group is
            scored by a classifier of its own. Default: in a test as in use, the
            classifier may have met a customer at an earlier cutoff.

        Returns
        -------
        pandas.DataFrame
            One row for each tested cutoff and model:

            - ``cutoff``, ``model``, ``n_train`` (rows trained on, mean of the groups);
            - the measures of :func:`crmml.evaluation.compute_classification_summary`;
            - ``auc_low``, ``auc_high``: 95 percent interval of the area;
            - ``auc_gain``, ``auc_gain_low``, ``auc_gain_high``: how much larger it is
              than that of the rule to beat, with the interval for the same customers;
            - with `money`, ``n_called`` and ``profit``: customers whose call is
              expected to pay, and what calling them earned, per customer scored.

            Beside the classifier stand the rules that a shop would use anyway: days
            since the last purchase (if there are transactions), which is the rule to
            beat, with the best probabilities that it could have had from the same
            snapshots; and everyone at the base rate. ``attrs["verdict"]`` says in words
            whether the classifier beats the rule, over all cutoffs.

        Raises
        ------
        LeakageError
            If a label window is still open, or no training snapshot had closed by a
            tested cutoff.
        NotEnoughHistoryError
            If the training snapshots hold one outcome only.
        SchemaError
            If an argument is not as above.

        Notes
        -----
        Intervals are DeLong's; over several cutoffs a customer counts as one witness.
        They hold for customers like these at cutoffs like these.

        Examples
        --------
        >>> from crmml.datasets import make_customers
        >>> from crmml.features import RFM
        >>> from crmml.labels import Inactivity
        >>> from crmml.models import LogisticChurnClassifier
        >>> from crmml.pipeline import ChurnPipeline
        >>> tables = make_customers(500, random_state=0).to_tables()
        >>> churn = ChurnPipeline(
        ...     features=RFM(),
        ...     label=Inactivity("60D"),
        ...     classifier=LogisticChurnClassifier(),
        ... )
        >>> table = churn.backtest(
        ...     tables,
        ...     cutoffs="2024-06-01",
        ...     train_cutoffs=["2024-01-01", "2024-03-01"],
        ...     money=dict(clv=90, accept_rate=0.3, incentive_cost=5, contact_cost=1),
        ... )
        >>> table["model"].tolist()
        ['LogisticChurnClassifier', 'rule: base rate', 'rule: days since last purchase']
        >>> table.attrs["verdict"].split(":")[0]
        'LogisticChurnClassifier does not clearly beat days since last purchase'
        """
        scores = self.backtest_scores(
            tables,
            cutoffs,
            train_cutoffs=train_cutoffs,
            money=money,
            customer_folds=customer_folds,
        )
        return summarise(scores)

    def backtest_scores(
        self,
        tables: Any,
        cutoffs: Any,
        *,
        train_cutoffs: Any = None,
        money: Mapping[str, Any] | None = None,
        customer_folds: int | None = None,
    ) -> pd.DataFrame:
        """Return what :meth:`backtest` measures: every score beside its outcome.

        Parameters
        ----------
        tables : CustomerTables, Transactions or frame
            The data.
        cutoffs : str, datetime or list of them
            The snapshots to test.
        train_cutoffs : str, datetime or list of them, optional
            Snapshots to train on. Default: those of ``fit``, if it was called.
        money : mapping of str to float or str, optional
            As in :meth:`backtest`.
        customer_folds : int, optional
            As in :meth:`backtest`.

        Returns
        -------
        pandas.DataFrame
            Columns ``cutoff``, ``customer_id``, ``churn``, ``model``, ``score`` (days,
            for the recency rule), ``probability``, ``n_train`` and, with `money`,
            ``is_called`` and ``profit``: one row for each tested customer and each of
            classifier and rules.

        Raises
        ------
        LeakageError, NotEnoughHistoryError, SchemaError
            As in :meth:`backtest`.
        """
        check_parts(self.features, self.label, self.classifier)
        if customer_folds is not None:
            customer_folds = check_count(customer_folds, "customer_folds", least=2)
        tables = as_tables(tables)
        if train_cutoffs is None:
            train_cutoffs = getattr(self, "cutoffs_", [])
        has_none = isinstance(train_cutoffs, Sized) and not len(train_cutoffs)
        return walk_forward(
            tables,
            tested=check_cutoffs(cutoffs, tables),
            trained=[] if has_none else check_cutoffs(train_cutoffs, tables),
            test=Backtest(
                features=self.features,
                label=self.label,
                classifier=self.classifier,
                calibration=self.calibration,
                money=money,
                customer_folds=customer_folds,
            ),
        )

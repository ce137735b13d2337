"""Simulated companies, and a classifier that remembers what it was shown."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from crmml.datasets import load_cdnow, make_customers
from crmml.models import BetaGeoModel, GammaGammaModel
from crmml.pipeline import ValuePipeline
from crmml.tables import CustomerTables, Transactions


@pytest.fixture(scope="session")
def company():
    """Two years of a shop; who leaves says nothing."""
    return make_customers(250, random_state=0)


@pytest.fixture(scope="session")
def shop(company):
    return company.to_tables()


@pytest.fixture(scope="session")
def club(company):
    """The same customers, with contracts that end."""
    return company.to_tables(contractual=True)


@pytest.fixture(scope="session")
def declare_sales():
    """Declare a frame as the company's transactions."""

    def declare(frame, observed_until="2025-01-01"):
        return CustomerTables(
            transactions=Transactions(
                frame,
                customer_id="customer_id",
                timestamp="timestamp",
                amount="amount",
                order_id="order_id",
            ),
            observed_until=observed_until,
        )

    return declare


class Witness(ClassifierMixin, BaseEstimator):
    """Scores by one feature, and writes down the rows it is fitted to and asked for."""

    def __init__(self, diary=None):
        self.diary = diary

    def __sklearn_clone__(self):
        return Witness(self.diary)

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.fitted_to_ = X.index
        return self

    def predict_proba(self, X):
        if self.diary is not None:
            self.diary.append((self.fitted_to_, X.index))
        recency = X["days_since_last_purchase"].fillna(0).to_numpy()
        churn = recency / (1 + recency)
        return np.column_stack([1 - churn, churn])


@pytest.fixture
def witness():
    return Witness(diary=[])


@pytest.fixture(scope="session")
def cdnow():
    """One in ten customers of CDNOW, known until the end of June 1998."""
    purchases = load_cdnow(sample=True)
    transactions = Transactions(
        purchases, customer_id="customer_id", timestamp="date", amount="dollar_value"
    )
    return CustomerTables(transactions=transactions, observed_until="1998-07-01")


@pytest.fixture(scope="session")
def value():
    """The pipeline of the literature, fitted to the first 39 weeks of CDNOW."""

    def make(tables, cutoff="1997-10-01", model=None, **parameters):
        model = BetaGeoModel(unit="7D") if model is None else model
        pipeline = ValuePipeline(purchases=model, spend=GammaGammaModel(), **parameters)
        return pipeline.fit(tables, cutoff)

    return make

"""Saved models, a service of each, and customers as JSON brings them."""

import json

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from crmml.datasets import make_customers
from crmml.features import RFM, ComplaintRate, FeatureSet, Tenure
from crmml.labels import Inactivity
from crmml.models import BoostedChurnClassifier, LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.scoring import save
from crmml.scoring.service import make_app

CUTOFF = "2024-09-01"
TOKEN = "a-token-of-the-tests-0123456789"


@pytest.fixture(scope="session")
def customers():
    """Features of every kind, with names that need care."""
    rng = np.random.default_rng(8)
    n = 400
    X = pd.DataFrame(
        {
            "n_orders": rng.integers(0, 9, n).astype(float),
            "消费额": rng.gamma(2, 30, n),
            "plan": rng.choice(["基础", "pro", "<b>x</b>", None], n),
            "has_app": rng.random(n) > 0.5,
            "empty": np.nan,
        }
    )
    X.loc[::9, "消费额"] = np.nan
    return X


@pytest.fixture(scope="session")
def records(customers):
    rows = customers.head(60).to_json(orient="records", double_precision=15)
    return json.loads(rows)


@pytest.fixture(scope="session")
def flat(customers):
    rng = np.random.default_rng(1)
    y = (customers["n_orders"] + rng.normal(0, 3, len(customers)) < 4).astype(int)
    return BoostedChurnClassifier(n_estimators=20, n_jobs=1).fit(customers, y)


@pytest.fixture(scope="session")
def flat_file(flat, tmp_path_factory):
    path = tmp_path_factory.mktemp("flat") / "flat.crmml"
    save(flat, path)
    return path


@pytest.fixture(scope="session")
def shop():
    return make_customers(300, random_state=6)


@pytest.fixture(scope="session")
def churn(shop):
    return ChurnPipeline(
        features=FeatureSet([RFM(), Tenure(), ComplaintRate()]),
        label=Inactivity("60D"),
        classifier=LogisticChurnClassifier(),
    ).fit(shop.to_tables(), ["2024-03-01", "2024-06-01"])


@pytest.fixture(scope="session")
def churn_file(churn, shop, tmp_path_factory):
    path = tmp_path_factory.mktemp("churn") / "churn.crmml"
    save(churn, path, tables=shop.to_tables())
    return path


@pytest.fixture(scope="session")
def events(shop):
    """What a shop knows of one customer, as JSON brings it."""

    def collect(customer):
        rows = {
            "transactions": shop.transactions,
            "customers": shop.customers,
            "complaints": shop.complaints,
        }
        own = {
            name: json.loads(
                table[table["customer_id"] == customer]
                .drop(columns="customer_id")
                .to_json(orient="records", date_format="iso", double_precision=15)
            )
            for name, table in rows.items()
        }
        for row in [row for table in own.values() for row in table]:
            for role in ("timestamp", "joined_at", "resolved_at"):
                if row.get(role) is not None:
                    row[role] = row[role].removesuffix("Z")
        return own

    return collect


@pytest.fixture(scope="module")
def client(flat_file):
    with TestClient(make_app(flat_file, n_reasons=2)) as found:
        yield found


@pytest.fixture(scope="module")
def churn_client(churn_file):
    with TestClient(make_app(churn_file, n_reasons=3)) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(flat_file):
    """A service that wants a token, and a client without one."""
    with TestClient(make_app(flat_file, token=TOKEN)) as found:
        yield found


async def answer(app, receive, path="/score"):
    """Call the application as a server does, and return the status."""
    status = None

    async def send(message):
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1",
        "scheme": "http",
        "root_path": "",
    }
    await app(scope, receive, send)
    return status

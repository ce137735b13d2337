"""Columns of the customers table as features, from any source and in any language."""

from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal
from sklearn.base import clone

from crmml.exceptions import LeakageWarning, SchemaError
from crmml.features import RFM, CustomerAttributes, FeatureSet, Tenure
from crmml.features import _compute as compute
from crmml.models import BoostedChurnClassifier, LogisticChurnClassifier
from crmml.tables import Customers, CustomerTables, Transactions, make_spine

CUTOFF = "2024-03-01"
COLUMNS = ["城市", "City", "city", "vip", "income", "born"]


@pytest.fixture
def people():
    return {
        "id": ["a", "b", "z"],
        "since": ["2024-01-31", "2024-03-01", None],
        "城市": ["北京", None, "O'Brien"],
        "City": ["x", "y", ""],
        "city": ["u", "v", "w"],
        "vip": [True, False, None],
        "income": [1.25, None, -3e300],
        "born": [datetime(1990, 3, 1), datetime(2024, 3, 1), datetime(2024, 2, 29, 12)],
        "code": [1, 2, 2],
    }


@pytest.fixture
def declare(sales):
    """Customer tables of a customers table of any kind; b and c are in one only."""

    def make(people, **roles):
        return CustomerTables(
            transactions=Transactions(
                sales, customer_id="customer_id", timestamp="timestamp", amount="amount"
            ),
            customers=Customers(people, customer_id="id", **roles),
            observed_until="2024-06-01",
        )

    return make


def as_parquet(people, folder):
    path = folder / "people.parquet"
    pl.DataFrame(people).drop("City").write_parquet(path)
    return path


def values(frame, name):
    return [None if pd.isna(one) else one for one in frame[name]]


def test_values_come_as_they_stand_and_dates_as_days(declare, people, constructor):
    tables = declare(constructor(people), joined_at="since")
    spine = make_spine(tables, [CUTOFF], customers=["z", "c", "a", "b"])
    found = CustomerAttributes(fixed=COLUMNS).fit_transform(tables, spine=spine)
    assert found.index.get_level_values("customer_id").tolist() == ["z", "c", "a", "b"]
    assert {name: values(found, name) for name in found} == {
        # b joined at the very cutoff, and c is in no table of customers.
        "account_age_days": [None, None, 30.0, None],
        "城市": ["O'Brien", None, "北京", None],
        "City": ["", None, "x", "y"],
        "city": ["w", None, "u", "v"],
        "vip": [None, None, True, False],
        "income": [-3e300, None, 1.25, None],
        "days_since_born": [0.5, None, 12419.0, None],
    }
    assert found["vip"].dtype == "boolean"


@pytest.mark.parametrize("container", ["polars", "arrow"])
def test_containers_hold_text_and_booleans(declare, people, container):
    tables = declare(pl.DataFrame(people))
    features = CustomerAttributes(fixed=COLUMNS).set_output(transform=container)
    found = features.fit_transform(tables, CUTOFF)
    found = pl.from_arrow(found) if container == "arrow" else found
    assert found.schema["城市"] == pl.String
    assert found.schema["vip"] == pl.Boolean
    assert found.sort("customer_id")["城市"].to_list() == ["北京", None]


def test_parquet_and_csv_hold_the_same(declare, people, tmp_path):
    kinds = {"城市": "text", "income": "number", "born": "date", "code": "text"}
    features = CustomerAttributes(fixed=kinds)
    parquet = as_parquet(people, tmp_path)
    expected = features.fit_transform(declare(parquet), CUTOFF)
    path = tmp_path / "people.csv"
    pd.DataFrame(people).to_csv(path, index=False, encoding="gbk")
    with pytest.raises(SchemaError, match="not encoded as utf8"):
        declare(path)
    tables = CustomerTables(
        customers=Customers(path, customer_id="id", joined_at="since", encoding="gbk"),
        transactions=declare(parquet).transactions,
        observed_until="2024-06-01",
    )
    found = features.fit_transform(tables, CUTOFF)
    assert_frame_equal(found[expected.columns], expected, check_exact=True)
    assert found["code"].tolist() == ["1", "2"]
    # Without being told, all of a CSV file is text.
    plain = CustomerAttributes(fixed=["income"]).fit_transform(tables, CUTOFF)
    assert plain["income"].iloc[0] == "1.25"


def test_text_keeps_the_users_dtype(declare, people):
    frame = pd.DataFrame(people).astype({"city": "string", "City": "object"})
    frame["城市"] = pd.Categorical(frame["城市"], ["O'Brien", "上海", "北京"])
    frame["code"] = frame["code"].astype("category")
    features = CustomerAttributes(fixed=["城市", "city", "City", "code"])
    found = features.fit_transform(declare(frame), CUTOFF)
    assert found["城市"].dtype == frame["城市"].dtype
    assert found["city"].dtype == frame["city"].dtype
    assert found["City"].dtype == pd.Series(["x"]).dtype
    # Categories that are numbers are categories all the same.
    assert found["code"].dtype == pd.CategoricalDtype(["1", "2"])


def test_a_repeated_column_is_opened_once_and_row_order_is_nothing(declare, people):
    frame = pd.DataFrame(people)
    tables = declare(frame)
    both = FeatureSet(
        [CustomerAttributes(fixed=["city", "vip"]), CustomerAttributes(fixed=["city"])]
    )
    found = both.fit_transform(tables, CUTOFF)
    assert found.columns.tolist() == ["city", "vip"]
    turned = declare(frame[::-1].set_axis([7, 7, 7]))
    assert_frame_equal(both.fit_transform(turned, CUTOFF), found)


def test_loops_and_sql_give_the_same(declare, people, monkeypatch):
    tables = declare(pd.DataFrame(people), joined_at="since")
    features = FeatureSet([RFM(), CustomerAttributes(fixed=COLUMNS), Tenure()])
    found = features.fit_transform(tables, [CUTOFF, "2024-03-15"])
    monkeypatch.setattr(compute, "MANY_ROWS", 0)
    swept = features.fit_transform(tables, [CUTOFF, "2024-03-15"])
    assert_frame_equal(swept, found, check_exact=True)


def test_columns_as_of_today_are_warned_of_in_fit_alone(declare, people):
    tables = declare(pd.DataFrame(people))
    features = FeatureSet([RFM(), CustomerAttributes(["vip"], as_of_today=["city"])])
    with pytest.warns(
        LeakageWarning, match=r"columns \['city'\] are read as they"
    ) as w:
        fitted = clone(features).fit(tables, CUTOFF)
    assert len(w) == 1
    found = fitted.transform(tables, CUTOFF)
    assert found.columns.tolist()[-2:] == ["vip", "city"]


def test_other_tables_must_hold_the_same_kind(declare, people):
    frame = pd.DataFrame(people)
    fitted = CustomerAttributes(fixed=["code", "income"]).fit(declare(frame), CUTOFF)
    assert fitted.kinds_ == {"code": "number", "income": "number"}
    text = declare(frame.astype({"code": str}))
    with pytest.raises(SchemaError, match=r"column 'code'.* must hold numbers"):
        fitted.transform(text, CUTOFF)
    nothing = declare(frame.assign(code=None))
    assert fitted.transform(nothing, CUTOFF)["code"].isna().all()


BAD = {
    "no such column": (
        {"fixed": ["town"]},
        r"no such column \['town'\]. The table has",
    ),
    "a role": ({"fixed": ["id"]}, "column 'id' is declared as customer_id"),
    "joined_at": (
        {"as_of_today": ["since"]},
        "column 'since' is declared as joined_at",
    ),
    "a text": ({"fixed": "city"}, "fixed must be a list of names of columns"),
    "numbers": ({"fixed": [1]}, "fixed must be a list of names of columns"),
    "a set": ({"as_of_today": {"city"}}, "as_of_today must be a list"),
    "a kind": ({"fixed": {"city": "word"}}, "text, number, boolean, date; got 'word'"),
    "twice": ({"fixed": ["city", "city"]}, r"fixed repeats \['city'\]"),
    "both": (
        {"fixed": ["city"], "as_of_today": ["city"]},
        "in fixed and in as_of_today",
    ),
    "text": (
        {"fixed": {"city": "number"}},
        "must hold numbers, but is of type VARCHAR",
    ),
    "no date": ({"fixed": {"vip": "date"}}, "must hold dates, timestamps or ISO 8601"),
    "no truth": ({"fixed": {"city": "boolean"}}, "must hold true and false"),
    "infinite": ({"fixed": ["rate"]}, "column 'rate'.*1 rows that are not a finite"),
    "lists": (
        {"fixed": ["tags"]},
        r"column 'tags'.*must hold text.*INTEGER\[\]|BIGINT",
    ),
    "zone": ({"fixed": ["aware"]}, "holds instants with a time zone, and all others"),
    "key": ({"fixed": ["cutoff"]}, "A feature cannot be called 'cutoff'"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.filterwarnings("ignore::crmml.exceptions.LeakageWarning")
def test_columns_that_cannot_be_used_are_named(declare, people, case):
    arguments, message = BAD[case]
    frame = pd.DataFrame(people).assign(
        rate=[1.0, np.inf, 2.0],
        tags=[[1], [2], [3]],
        aware=pd.to_datetime(["2020-01-01"] * 3, utc=True),
        cutoff="x",
    )
    tables = declare(frame, joined_at="since")
    with pytest.raises(SchemaError, match=message) as caught:
        CustomerAttributes(**arguments).fit(tables, CUTOFF)
    assert "O'Brien" not in str(caught.value)


def test_tables_without_anything_to_read_are_refused(declare, people, sales):
    with pytest.raises(SchemaError, match="needs columns: fixed="):
        CustomerAttributes().fit(declare(pd.DataFrame(people)), CUTOFF)
    with pytest.raises(SchemaError, match="customers: this table is needed"):
        CustomerAttributes(fixed=["city"]).fit(sales, CUTOFF)
    found = CustomerAttributes().fit_transform(
        declare(pd.DataFrame(people), joined_at="since"), CUTOFF
    )
    assert found.columns.tolist() == ["account_age_days"]


def test_names_that_differ_in_case_are_refused_in_parquet_alone(declare, tmp_path):
    path = tmp_path / "people.parquet"
    pl.DataFrame({"id": ["a"], "City": ["x"], "city": ["y"]}).write_parquet(path)
    with pytest.raises(SchemaError, match="differ only in case"):
        CustomerAttributes(fixed=["city"]).fit(declare(path), CUTOFF)


@pytest.mark.parametrize("kind", [LogisticChurnClassifier, BoostedChurnClassifier])
def test_models_take_the_features_as_they_come(declare, kind):
    """Text, booleans and missing values, from pandas and Polars alike."""
    rng = np.random.default_rng(0)
    n = 80
    ids = [f"{i:03}" for i in range(n)]
    frame = pd.DataFrame(
        {
            "id": ids[:70],
            "城市": rng.choice(["北京", "上海"], 70),
            "vip": rng.choice([True, False], 70),
        }
    )
    frame["plan"] = frame["城市"].where(frame["vip"]).astype("category")
    tables = declare(frame)
    spine = make_spine(tables, CUTOFF, customers=ids)
    y = rng.integers(0, 2, n)
    features = CustomerAttributes(fixed=["城市", "vip", "plan"])
    scores = []
    for container in ("pandas", "polars"):
        X = clone(features).set_output(transform=container)
        X = X.fit_transform(tables, spine=spine)
        if container == "polars":
            X = X.drop("cutoff", "customer_id")
        model = kind().fit(X, y)
        scores.append(model.predict_proba(X)[:, 1])
        reasons = model.explain(X, n_reasons=2)
        assert set(reasons["feature"].dropna()) <= {"城市", "vip", "plan"}
    np.testing.assert_array_equal(*scores)


def test_arrow_dictionaries_are_text(declare, people):
    table = pa.table({"id": people["id"], "city": pa.array(people["city"])})
    table = table.set_column(1, "city", table["city"].dictionary_encode())
    found = CustomerAttributes(fixed=["city"]).fit_transform(declare(table), CUTOFF)
    assert found["city"].tolist() == ["u", "v"]

"""A summary that carries its units is not read in others, whatever holds it."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from crmml.datasets import load_cdnow
from crmml.exceptions import SchemaError
from crmml.features import BTYDSummary
from crmml.models import BetaGeoModel, GammaGammaModel, ParetoNBDModel
from crmml.tables import Transactions

CUTOFF = "1997-10-01"


@pytest.fixture(scope="module")
def sales():
    return Transactions(
        load_cdnow(sample=True),
        customer_id="customer_id",
        timestamp="date",
        amount="dollar_value",
    )


def summarise(sales, **parameters):
    return BTYDSummary(**parameters).fit_transform(sales, CUTOFF)


@pytest.fixture(scope="module")
def weekly(sales):
    return summarise(sales, unit="7D")


@pytest.fixture(scope="module")
def fitted(weekly):
    return BetaGeoModel(unit="7D").fit(weekly)


def through_csv(frame, folder):
    path = folder / "summary.csv"
    frame.to_csv(path, index=False)
    return pd.read_csv(path)


CONTAINERS = {
    "pandas": lambda frame, _: frame,
    "polars": lambda frame, _: pl.from_pandas(frame),
    "arrow": lambda frame, _: pa.Table.from_pandas(frame),
    "csv": through_csv,
}


@pytest.mark.parametrize("carry", CONTAINERS.values(), ids=CONTAINERS)
@pytest.mark.parametrize("unit", ["7D", "10s"])
def test_the_unit_travels_with_the_data(sales, carry, unit, tmp_path):
    X = carry(summarise(sales, unit=unit), tmp_path)
    BetaGeoModel(unit=unit).fit(X)
    with pytest.raises(SchemaError, match="the model's unit is 1 days"):
        BetaGeoModel().fit(X)


@pytest.mark.parametrize(
    "method", ["predict_alive_probability", "predict_expected_purchases"]
)
def test_another_unit_at_predict_is_refused(sales, fitted, method):
    daily = summarise(sales)
    more = ["30D"] if "purchases" in method else []
    with pytest.raises(SchemaError, match=r"are in units of 1 days .*unit is 7 days"):
        getattr(fitted, method)(daily, *more)


def test_the_way_out_is_right(sales, fitted):
    with pytest.raises(SchemaError, match=r"unit='1D', or .*BTYDSummary\(unit='7D'\)"):
        fitted.predict_alive_probability(summarise(sales, unit="1D"))


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (BetaGeoModel(unit="7D"), "predict_alive_probability"),
        (GammaGammaModel(), "predict_expected_spend"),
    ],
)
def test_another_grain_at_predict_is_refused(sales, weekly, model, method):
    orders = summarise(sales, unit="7D", grain="order")
    model = model.fit(weekly)
    with pytest.raises(SchemaError, match=r"X is an order .*in 1 days"):
        getattr(model, method)(orders)
    # A new fit is not held to the grain of the one before.
    model.fit(orders)


def test_mixed_units_are_refused(sales, weekly, fitted):
    mixed = pd.concat([weekly, summarise(sales, unit="1D")])
    with pytest.raises(SchemaError, match="'unit_days' holds 2 different values"):
        fitted.predict_alive_probability(mixed)
    with pytest.raises(SchemaError, match="'unit_days' holds 2 different values"):
        ParetoNBDModel(unit="7D").fit(mixed)


def test_a_summary_made_elsewhere_says_nothing_and_is_taken(weekly, fitted):
    bare = weekly[["frequency", "recency", "T"]]
    found = fitted.predict_alive_probability(bare)
    assert found.tolist() == fitted.predict_alive_probability(weekly).tolist()
    assert BetaGeoModel(unit="7D").fit(bare).log_likelihood_ == fitted.log_likelihood_


def test_an_empty_frame_has_no_unit_to_refuse(weekly, fitted):
    assert fitted.predict_alive_probability(weekly.head(0)).shape == (0,)

"""What the page for who comes from other packages says of names and summaries."""

import importlib.util
import re
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmml.evaluation
import crmml.features
import crmml.models
import crmml.pipeline
from crmml._utils._extras import find_packaged_file
from crmml.datasets import load_cdnow
from crmml.exceptions import SchemaError
from crmml.features import BTYDSummary
from crmml.models import BetaGeoModel, GammaGammaModel
from crmml.tables import Transactions

DOCS = Path(__file__).parents[1] / "docs"
SUBPACKAGES = [crmml.evaluation, crmml.features, crmml.models, crmml.pipeline]


def test_our_names_in_the_migration_table_exist():
    text = (DOCS / "migration_customer_value.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| `([\w.]+)", text, re.M)
    assert len(names) > 12
    fitted = BetaGeoModel(unit="7D").fit(summarise(unit="7D"))
    spend = GammaGammaModel().fit(summarise(unit="7D"))
    owners = [*SUBPACKAGES, fitted, spend]
    for name in names:
        first, _, second = name.partition(".")
        found = [owner for owner in owners if hasattr(owner, first)]
        assert found, name
        assert not second or hasattr(getattr(found[0], first), second)


def summarise(**parameters):
    sales = Transactions(
        load_cdnow(sample=True),
        customer_id="customer_id",
        timestamp="date",
        amount="dollar_value",
    )
    return BTYDSummary(**parameters).fit_transform(sales, "1997-10-01")


@pytest.fixture(scope="module")
def summary_of_lifetimes():
    """The function alone: the package imports dill, to write files, and old SciPy."""
    path = find_packaged_file("lifetimes", "utils.py", extra="demo")
    spec = importlib.util.spec_from_file_location("lifetimes_utils", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # It sets an option of pandas that has no effect any more, hence a warning.
        warnings.simplefilter("ignore")
        patch.setitem(sys.modules, "dill", types.ModuleType("dill"))
        spec.loader.exec_module(module)

    def summarise(**parameters):
        purchases = load_cdnow(sample=True)
        known = purchases[purchases["date"] < "1997-10-01"]
        columns = ("customer_id", "date", "dollar_value")
        return module.summary_data_from_transaction_data(known, *columns, **parameters)

    return summarise


def test_their_summary_gives_our_parameters(summary_of_lifetimes):
    theirs = summary_of_lifetimes(
        observation_period_end="1997-10-01", freq="D", freq_multiplier=7
    )
    ours = summarise(unit="7D")
    for model in (BetaGeoModel(unit="7D"), GammaGammaModel()):
        expected = model.fit(ours).params_.copy()
        pd.testing.assert_series_equal(model.fit(theirs).params_, expected, rtol=1e-9)
    # As pymc-marketing hands it out: ids in a column.
    moved = theirs.reset_index()
    found = BetaGeoModel(unit="7D").fit(moved).predict_alive_probability(moved)
    expected = BetaGeoModel(unit="7D").fit(ours).predict_alive_probability(ours)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_who_came_on_their_last_day_is_named(summary_of_lifetimes):
    purchases = load_cdnow(sample=True)
    assert purchases["date"].min() == pd.Timestamp("1997-01-01")
    early = summary_of_lifetimes(observation_period_end="1997-02-01", freq="D")
    n_new = int((early["T"] == 0).sum())
    assert n_new > 0
    with pytest.raises(SchemaError, match=rf"'T' is not above zero in {n_new} of"):
        BetaGeoModel().fit(early)


def test_a_summary_with_recency_turned_round_is_refused(summary_of_lifetimes):
    theirs = summary_of_lifetimes(observation_period_end="1997-10-01")
    turned = theirs.assign(
        frequency=theirs["frequency"] + 1, recency=theirs["T"] - theirs["recency"]
    )
    with pytest.raises(SchemaError, match="no columns"):
        BetaGeoModel().fit(turned.drop(columns="T"))

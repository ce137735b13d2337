"""The demo from end to end, on every eighth household of the panel."""

import io
from contextlib import redirect_stderr

import pandas as pd
import pytest

from crmml.cli import _demo, main
from crmml.datasets import CompleteJourney, load_complete_journey


@pytest.fixture(scope="module")
def small_journey():
    journey = load_complete_journey()
    frames = {name: getattr(journey, name) for name in journey.__dataclass_fields__}
    sales = frames["transactions"]
    frames["transactions"] = sales[sales["household_id"] % 8 == 0]
    return CompleteJourney(**frames)


@pytest.fixture(scope="module")
def folder_and_steps(small_journey, tmp_path_factory):
    """Run once: the folder and the lines of progress."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stderr(io.StringIO()) as progress,
    ):
        patch.setattr(_demo, "load_complete_journey", lambda: small_journey)
        assert main(["demo", "--out", str(folder)]) == 0
    return folder, progress.getvalue().splitlines()


@pytest.fixture(scope="module")
def run(folder_and_steps):
    return folder_and_steps[0]


def test_as_many_steps_are_made_as_were_announced(folder_and_steps):
    _, steps = folder_and_steps
    announced = [f"[{done}/{len(steps)}]" for done in range(1, len(steps) + 1)]
    assert [line.split()[0] for line in steps] == announced


def test_files_hold_one_row_per_household_and_agree(run, small_journey):
    households = set(small_journey.transactions["household_id"])
    scores = pd.read_parquet(run / "scores.parquet")
    segments = pd.read_parquet(run / "segments.parquet")
    assert set(segments["customer_id"]) == households
    assert segments["customer_id"].is_unique
    assert scores["customer_id"].is_unique
    assert set(scores["customer_id"]) < households
    assert scores["churn_probability"].between(0, 1).all()
    assert scores["churn_probability"].is_monotonic_decreasing
    assert scores["reason_1"].notna().all()


def test_rules_keep_what_was_asked_for(run):
    rules = pd.read_parquet(run / "rules.parquet")
    assert len(rules)
    assert (rules["support"] >= _demo.MIN_SUPPORT).all()
    assert (rules["confidence"] >= _demo.MIN_CONFIDENCE).all()


def test_report_is_whole_and_holds_every_section(run):
    page = (run / "report.html").read_text(encoding="utf-8")
    assert page.endswith("</html>\n")
    assert page.count("<h2>") == 5
    assert page.count('src="data:image/png;base64,') == 4
    for kind in _demo.CLASSIFIERS:
        assert kind.__name__ in page


def test_the_printed_backtest_has_rules_beside_models(small_journey):
    class NoSteps:
        def begin(self, text):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_demo, "load_complete_journey", lambda: small_journey)
        patch.setattr(_demo, "CLASSIFIERS", (_demo.LogisticChurnClassifier,))
        result = _demo.compute_demo(NoSteps())
    assert set(result.backtest["model"]) == {
        "LogisticChurnClassifier",
        "rule: days since last purchase",
        "rule: base rate",
    }
    assert result.backtest["cutoff"].nunique() == len(_demo.TESTED)
    assert len(result.scores) == len(
        result.scores.drop_duplicates(["cutoff", "customer_id", "model"])
    )

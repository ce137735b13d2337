"""Segments in one line: what the line says is what it counts."""

import re

import numpy as np
import pandas as pd
import pytest

from crmml.exceptions import SchemaError
from crmml.segmentation import KMeansSegmenter, compute_segment_rules


def _read_rule(rule, features):
    """Apply a printed line to the customers, as its reader would."""
    matched = np.ones(len(features), dtype=bool)
    if rule == "everyone":
        return matched
    for condition in rule.split(" and "):
        name, limits = re.fullmatch(r"(\S+) (.+)", condition).groups()
        values = features[name].to_numpy()
        if limits.startswith("in"):
            low, high = map(float, re.findall(r"[-+\d.e]+", limits[2:]))
            matched &= (values > low) & (values <= high)
        elif limits.startswith("<="):
            matched &= values <= float(limits[2:])
        else:
            matched &= values > float(limits[1:])
    return matched


@pytest.mark.parametrize("seed", range(3))
def test_figures_are_those_of_the_line_as_printed(seed):
    rng = np.random.default_rng(seed)
    features = pd.DataFrame(
        rng.lognormal(3, 1, (300, 3)) * [1, 0.01, 1000], columns=["a", "次数", "c"]
    )
    features.iloc[::17, 1] = np.nan
    labels = KMeansSegmenter(4, random_state=seed).fit(features).labels_
    for row in compute_segment_rules(features, labels).itertuples():
        matched, inside = _read_rule(row.rule, features), labels == row.segment
        assert row.n_customers == inside.sum()
        assert row.n_matched == matched.sum()
        assert row.precision == pytest.approx((matched & inside).sum() / matched.sum())
        assert row.recall == pytest.approx((matched & inside).sum() / inside.sum())
        assert row.accuracy == pytest.approx((matched == inside).mean())
        assert row.rule.count(" and ") <= 2


def test_a_segment_between_two_others_is_a_range():
    features = pd.DataFrame({"x": np.arange(30.0), "y": 0.0})
    labels = np.repeat([0, 1, 2], 10)
    rules = compute_segment_rules(features, labels).set_index("segment")
    assert rules.loc[1, "rule"] == "x in (9.5, 19.5]"
    assert (rules["accuracy"] == 1).all()


def test_one_condition_is_one_condition():
    features = pd.DataFrame({"x": np.arange(30.0), "y": np.arange(30.0) % 3})
    rules = compute_segment_rules(features, np.arange(30) // 10, max_conditions=1)
    assert not rules["rule"].str.contains(" and ").any()


def test_one_segment_is_everyone_and_bad_counts_are_refused():
    features = pd.DataFrame({"x": [1.0, 2.0, np.nan]})
    rules = compute_segment_rules(features, ["a", "a", "a"])
    assert rules.loc[0, ["rule", "accuracy"]].tolist() == ["everyone", 1.0]
    with pytest.raises(SchemaError, match="max_conditions"):
        compute_segment_rules(features, ["a", "a", "a"], max_conditions=0)

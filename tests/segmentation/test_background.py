"""Segments against background, by counting."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmml.exceptions import SchemaError
from crmml.segmentation import compute_background_table


def _make_people(n_people=200):
    rng = np.random.default_rng(0)
    people = pd.DataFrame(
        {
            "地区": rng.choice(["北", "南", "东"], n_people),
            "age": rng.integers(18, 80, n_people).astype(float),
            "children": rng.integers(0, 4, n_people),
            "is_member": rng.random(n_people) < 0.3,
        }
    )
    people.loc[::20, "地区"] = None
    people.loc[::25, "age"] = np.nan
    return people, rng.choice(["top", "mid", "few"], n_people, p=[0.2, 0.3, 0.5])


def test_counts_shares_and_indices_are_those_of_the_customers():
    people, labels = _make_people()
    table = compute_background_table(labels, people)
    for column in ("地区", "children", "is_member"):
        for row in table[table["column"] == column].itertuples():
            cells = people[column].map(str, na_action="ignore").fillna("(missing)")
            inside, has = labels == row.segment, (cells == row.category).to_numpy()
            assert row.n_customers == (inside & has).sum()
            assert row.share == pytest.approx((inside & has).sum() / inside.sum())
            usual = has.mean()
            assert row.index == pytest.approx(100 * row.share / usual, abs=0.06)


def test_every_customer_is_counted_once_per_column():
    people, labels = _make_people()
    table = compute_background_table(labels, people)
    assert (table.groupby("column")["n_customers"].sum() == 200).all()
    shares = table.groupby(["column", "segment"])["share"].sum()
    np.testing.assert_allclose(shares, 1)


def test_many_numbers_are_cut_at_quartiles_and_few_are_not():
    people, labels = _make_people()
    table = compute_background_table(labels, people)
    ages = table.loc[table["column"] == "age", "category"].unique()
    assert len(ages) == 5
    assert ages[-1] == "(missing)"
    assert ages[0] == f"up to {people['age'].quantile(0.25):g}"
    children = table.loc[table["column"] == "children", "category"].unique()
    assert children.tolist() == ["0", "1", "2", "3"]


def test_carriers_agree():
    people, labels = _make_people()
    expected = compute_background_table(labels, people)
    found = compute_background_table(labels, pl.from_pandas(people))
    pd.testing.assert_frame_equal(found, expected)


def test_tables_that_do_not_fit_are_refused():
    people, labels = _make_people()
    with pytest.raises(SchemaError, match="found 199 labels for 200 rows"):
        compute_background_table(labels[1:], people)
    with pytest.raises(SchemaError, match="must be a dataframe"):
        compute_background_table(labels, people.to_numpy())

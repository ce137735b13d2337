"""Customer equity: sums by cohort that add up to the whole."""

import numpy as np
import pandas as pd
import pytest

from crmml.evaluation import compute_customer_equity
from crmml.exceptions import NotEnoughHistoryError, SchemaError


def test_cohorts_add_up_to_everybody():
    rng = np.random.default_rng(0)
    cohort = rng.choice(["华东", "华南", None], 200)
    past, coming = rng.gamma(2, 10, (2, 200))
    table = compute_customer_equity(cohort, historic_value=past, lifetime_value=coming)
    assert table["n_customers"].sum() == 200
    assert len(table) == 3
    assert table["historic_value"].sum() == pytest.approx(past.sum())
    assert table["customer_equity"].sum() == pytest.approx(coming.sum())
    assert table["equity_share"].sum() == pytest.approx(1)
    south = table.loc["华南"]
    mine = coming[cohort == "华南"]
    assert south["equity_per_customer"] == pytest.approx(mine.mean())


def test_the_index_of_a_frame_is_no_data():
    frame = pd.DataFrame({"c": ["a", "b"], "v": [1.0, 2.0]}, index=[1, 0])
    table = compute_customer_equity(
        frame["c"],
        historic_value=frame["v"][::-1].to_numpy(),
        lifetime_value=frame["v"],
    )
    assert table["customer_equity"].tolist() == [1.0, 2.0]
    assert table["historic_value"].tolist() == [2.0, 1.0]


def test_bad_columns_are_refused():
    with pytest.raises(SchemaError, match=r"have \[1, 2, 1\] values"):
        compute_customer_equity(["a"], historic_value=[1, 2], lifetime_value=[1])
    with pytest.raises(SchemaError, match="lifetime_value"):
        compute_customer_equity(["a"], historic_value=[1], lifetime_value=[np.nan])
    with pytest.raises(NotEnoughHistoryError):
        compute_customer_equity([], historic_value=[], lifetime_value=[])
    with pytest.raises(SchemaError, match=r"cohort must be .* got shape \(2, 1\)"):
        compute_customer_equity(
            [["a"], ["b"]], historic_value=[1, 2], lifetime_value=[1, 2]
        )

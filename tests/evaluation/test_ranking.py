import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crmml.evaluation._ranking import Ranking

rows = st.lists(
    st.tuples(
        st.booleans(), st.sampled_from([-1.5, 0.0, 0.25, 3.0]), st.integers(0, 9)
    ),
    min_size=1,
    max_size=40,
)


@given(rows)
def test_one_amount_for_all_and_one_for_each_are_summed_alike(rows):
    churned, scores, amounts = (np.array(column) for column in zip(*rows, strict=True))
    ranking = Ranking(churned, scores)
    for i, threshold in enumerate(ranking.thresholds):
        called = scores >= threshold
        assert ranking.n_called[i] == called.sum()
        assert ranking.n_left[i] == (called & churned).sum()
        for leavers in (True, False):
            own = called & (churned == leavers)
            each = ranking.add_up(amounts.astype(float), leavers=leavers)[i]
            assert each == amounts[own].sum()
            same = ranking.add_up(np.asarray(0.5), leavers=leavers)[i]
            assert same == 0.5 * own.sum()
    assert ranking.thresholds.tolist() == sorted(set(scores), reverse=True)

import numpy as np
import pytest

from crmml.models._rank_scale import RankScale


@pytest.fixture
def numbers():
    numbers = np.random.default_rng(3).gamma(2.0, 10.0, 400).round()
    numbers[:40] = np.nan
    return numbers


def test_ranks_rise_from_zero_to_one_and_stay_there_beyond(numbers):
    scale = RankScale.learn(numbers[~np.isnan(numbers)], np.ones(360))
    ranks = scale(np.array([-1e9, *np.unique(numbers[~np.isnan(numbers)]), 1e9]))
    assert (np.diff(ranks[1:-1]) > 0).all()
    assert ranks[[0, 1, -2, -1]].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_ties_share_the_middle_of_their_ranks():
    scale = RankScale.learn(np.array([1.0, 2.0, 2.0, 2.0, 3.0]), np.ones(5))
    # Middles of ranks 0.5, 2.5, 4.5 of 5, stretched to run from 0 to 1.
    assert scale(np.array([1.0, 2.0, 3.0])).tolist() == [0.0, 0.5, 1.0]

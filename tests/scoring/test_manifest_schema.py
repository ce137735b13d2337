"""A doctored manifest is refused by field, or read for what it is: text and numbers."""

import json
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmml.exceptions import CrmmlError, ModelFileError
from crmml.scoring import (
    load,
    make_model_card,
    monitor_features,
    read_manifest,
    save,
    write_model_card,
)

MEMBERS = ["manifest.json", "model.json", "arrays.bin"]
ESC = "\x1b[31m"
EVIL = "<script>alert(1)</script>[x](javascript:alert(1))|`" + ESC + "\u202e\ud800&#60;"


@pytest.fixture(scope="module")
def whole(fitted, data, tmp_path_factory):
    """A file whose manifest knows all that one can."""
    path = tmp_path_factory.mktemp("whole") / "churn.crmml"
    churn = fitted["churn"]
    last = max(churn.cutoffs_)
    metrics = churn.backtest(data.tables, last + pd.Timedelta("90D"))
    save(churn, path, tables=data.tables, metrics=metrics)
    found = json.loads(zipfile.ZipFile(path).read("manifest.json"))
    assert all(value is not None for value in found.values())
    return path


@pytest.fixture
def doctor(whole, tmp_path):
    """Write the file with another manifest."""

    def make(manifest):
        path = tmp_path / "doctored.crmml"
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
            for member in MEMBERS[1:]:
                target.writestr(member, source.read(member))
            target.writestr(MEMBERS[0], text)
        return path

    return make


def manifest_of(path):
    return json.loads(zipfile.ZipFile(path).read(MEMBERS[0]))


def places(value, path=()):
    """Paths to all values of a manifest that have values in them, or are some."""
    yield path
    items = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = list(enumerate(value))[:2]
    for key, one in items:
        yield from places(one, (*path, key))


def put(manifest, path, value):
    copy = json.loads(json.dumps(manifest))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return copy


WRONG = {
    "kind": [None, 5, ["x"], {}],
    "parameters": ["x", [1], {"a": 10**30}],
    "label": ["x", [], {}, {"kind": 3}],
    "features": ["x", {}, [None], [{"name": "a"}], [{"name": "a", "kind": 1}]],
    "training": [None, [], {"cutoffs": "2024"}, {"cutoffs": [5]}, {"base_rate": 2}],
    "backtest": [
        [],
        {},
        {"rows": None},
        {"rows": [5]},
        *({"rows": [{"auc": one}]} for one in ([1], "high", 2, True)),
        *({"rows": [{"n": one}]} for one in (-1, "many")),
        {"rows": [{"auc_low": "x"}]},
    ],
    "tables": [
        [],
        {},
        {"tables": {"passwords": {}}},
        {"tables": {"transactions": {"n_rows": -1, "columns": {}}}},
        {"tables": {"transactions": {"n_rows": 1, "columns": {"amount": "x"}}}},
    ],
    "drivers": [{}, [{"feature": "a"}], [{"feature": 1, "share": 0.1}]],
    "reference": [{}, [], [1], [{"feature": "a", "kind": "number"}]],
    "versions": [None, [], {"crmml": 1}],
    "kinds": [None, "x", [1]],
}


@pytest.mark.parametrize("field", WRONG)
def test_fields_of_another_type_are_refused_by_name(field, whole, doctor):
    for value in WRONG[field]:
        path = doctor({**manifest_of(whole), field: value})
        for read in (read_manifest, load):
            with pytest.raises(ModelFileError, match=f"{field} in its manifest is not"):
                read(path)


@pytest.mark.parametrize(
    "edit",
    [
        lambda one: one.update(n=one["n"] + 1),
        lambda one: one["counts"].append(0),
        lambda one: one.update(edges=one["edges"][::-1]),
        lambda one: one.update(is_few=1),
        lambda one: one.update(counts=[-1, *one["counts"][1:]]),
        lambda one: one.update(counts=[0.5, *one["counts"][1:]]),
        lambda one: one.update(kind="score"),
        lambda one: one.update(kind=["number"]),
        lambda one: one.update(feature=7),
        lambda one: one.pop("n_missing"),
    ],
)
def test_counts_that_do_not_fit_together_are_refused(edit, whole, doctor):
    manifest = manifest_of(whole)
    numbers = [one for one in manifest["reference"] if len(one.get("edges", [])) > 1]
    edit(numbers[0])
    with pytest.raises(ModelFileError, match="reference in its manifest is not"):
        read_manifest(doctor(manifest))


def test_a_reference_has_a_score_of_every_customer(whole, doctor):
    manifest = manifest_of(whole)
    score = manifest["reference"][-1]
    score.update(n_missing=score["n"], counts=[0] * len(score["counts"]))
    with pytest.raises(ModelFileError, match="reference in its manifest is not"):
        read_manifest(doctor(manifest))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(constant, whole, doctor):
    text = json.dumps(put(manifest_of(whole), ("training", "base_rate"), "HERE"))
    with pytest.raises(ModelFileError):
        read_manifest(doctor(text.replace('"HERE"', constant)))


def test_counts_of_other_features_than_the_models_are_refused(whole, doctor, tmp_path):
    manifest = manifest_of(whole)
    path = doctor(put(manifest, ("reference", 0, "feature"), "another"))
    pd.DataFrame({"another": [1.0]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ModelFileError, match="of other features than the model's"):
        monitor_features(path, str(tmp_path / "t.parquet"))


def test_what_an_older_file_does_not_say_is_none(whole, doctor):
    manifest = manifest_of(whole)
    for field in ("tables", "drivers", "reference", "backtest"):
        del manifest[field]
    path = doctor(manifest)
    assert read_manifest(path)["reference"] is None
    assert "Not known" in make_model_card(read_manifest(path))
    load(path)


def check_card(card, form):
    """Nothing in it is markup, steers a terminal or turns its direction."""
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", card
    )
    card.encode("utf-8")
    assert "<script>alert" not in card.replace("\\<", "")
    if form == "markdown":
        assert not re.search(r"(?<!\\)\]\(", card)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_in_any_field_are_escaped(language, whole, doctor):
    manifest = manifest_of(whole)
    tried = 0
    for path in places(manifest):
        if not path or path[0] in {"format", "parts", "kinds"}:
            continue
        try:
            known = read_manifest(doctor(put(manifest, path, EVIL)))
        except ModelFileError:
            continue
        tried += 1
        for form in ("html", "markdown"):
            check_card(make_model_card(known, form=form, language=language), form)
    assert tried > 20


def test_names_are_escaped_wherever_they_stand(whole, doctor):
    manifest = manifest_of(whole)
    names = [one["name"] for one in manifest["features"]]
    text = json.dumps(manifest)
    for name in [*names, "transactions"][:-1]:
        text = text.replace(json.dumps(name), json.dumps(EVIL + name))
    known = read_manifest(doctor(text))
    for form in ("html", "markdown"):
        card = make_model_card(known, form=form)
        check_card(card, form)
        assert "alert" in card


def test_huge_texts_are_cut_on_the_card(whole, doctor):
    known = read_manifest(doctor(put(manifest_of(whole), ("kind",), "x" * 10**6)))
    assert len(make_model_card(known, form="html")) < 60_000


def test_labels_that_name_other_texts_of_the_card_do_no_harm(whole, doctor):
    for kind in ("title", "with", "pause", "verdict", "{0}", "{kind.__class__}"):
        manifest = put(manifest_of(whole), ("label", "kind"), kind)
        for horizon in ("9" * 500, "nonsense", 10**17, [1], {"a": 1}, True):
            changed = put(manifest, ("label", "horizon"), horizon)
            make_model_card(read_manifest(doctor(changed)))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from([EVIL, "28D", "number", "score", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=6,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_any_value_anywhere_gives_a_card_and_a_verdict_or_a_clear_error(
    whole, doctor, tmp_path, data
):
    manifest = manifest_of(whole)
    where = [path for path in places(manifest) if path]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(where))
        try:
            manifest = put(manifest, path, data.draw(JSON))
        except (KeyError, IndexError, TypeError):
            continue
    path = doctor(manifest)
    names = load(whole).features_.feature_names_out_
    X = pd.DataFrame(np.ones((4, len(names))), columns=names)
    X.to_parquet(tmp_path / "today.parquet")
    try:
        known = read_manifest(path)
        for form in ("html", "markdown"):
            check_card(make_model_card(known, form=form), form)
        write_model_card(path, tmp_path / "card.html", language="zh")
        report = monitor_features(path, str(tmp_path / "today.parquet"))
        json.dumps(report.to_dict(), allow_nan=False)
    except CrmmlError as error:
        said = str(error)
    else:
        said = ""
    assert len(said) < 2000

"""A model card says what is known and what is not, in both languages and forms."""

import copy
import re

import pandas as pd
import pytest

from crmml.exceptions import ModelFileError, SchemaError
from crmml.labels import ContractEnd, Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.scoring import make_model_card, read_manifest, save, write_model_card
from crmml.scoring._card_texts import TEXTS


@pytest.fixture(scope="module")
def known(fitted, data, tmp_path_factory):
    """A file with all that can be said."""
    path = tmp_path_factory.mktemp("card") / "churn.crmml"
    churn = fitted["churn"]
    metrics = churn.backtest(data.tables, "2024-06-01")
    save(churn, path, tables=data.tables, metrics=metrics)
    return path, metrics


@pytest.fixture
def unknown(tmp_path):
    """A file of a classifier on columns with unkind names, and nothing more."""
    X = pd.DataFrame({"a|b": ["x"] * 50 + ["y"] * 50, "<script>": range(100)})
    path = tmp_path / "plain.crmml"
    save(LogisticChurnClassifier().fit(X, [1] * 30 + [0] * 70), path)
    return path


def test_both_languages_have_the_same_texts_and_places():
    english, chinese = TEXTS["en"], TEXTS["zh"]
    assert english.keys() == chinese.keys()
    for name in english:
        places = [set(re.findall(r"{\w+}", one[name])) for one in (english, chinese)]
        assert places[0] == places[1], name


def test_the_card_tells_what_the_manifest_knows(known):
    path, metrics = known
    card = make_model_card(read_manifest(path))
    manifest = read_manifest(path)
    assert card.startswith("# Model card: ChurnPipeline with LogisticChurnClassifier\n")
    assert "no purchase in the 60 days after the cutoff. Only who" in card
    assert "bought in the 60 days before" in card
    assert "2024-01-01, 2024-03-01" in card
    assert f"{manifest['training']['base_rate']:.1%}" in card
    row = metrics.iloc[0]
    auc = f"| {row['auc']:.3f} | {row['auc_low']:.3f} – {row['auc_high']:.3f} |"
    assert auc in card
    assert "rule: base rate" in card
    assert metrics.attrs["verdict"] in card
    assert "days since the last purchase" in card
    assert manifest["sha256"] in card
    assert "Not known" not in card


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (Inactivity("28D", gap="12h"), "28 days after the cutoff and a pause of 12h."),
        (ContractEnd("90D", gap="7D"), "ends in the 90 days after the cutoff and a "),
        (ContractEnd(pd.Timedelta("36h")), "1 days 12:00:00 after the cutoff."),
    ],
)
def test_the_definition_of_churn_is_said(label, said, fitted, tmp_path):
    churn = copy.deepcopy(fitted["churn"]).set_params(label=label)
    save(churn, tmp_path / "a.crmml")
    assert said in make_model_card(read_manifest(tmp_path / "a.crmml"))


def test_what_is_not_known_is_said(unknown):
    card = make_model_card(read_manifest(unknown))
    assert card.count("Not known: it was not stored") == 2
    assert "no out-of-time test was stored" in card
    assert "a\\|b" in card
    page = make_model_card(read_manifest(unknown), form="html")
    assert page.count("<script>") == 1  # that sorts tables
    assert "&lt;script&gt;" in page


def test_tables_of_markdown_have_equal_rows(known):
    card = make_model_card(read_manifest(known[0]))
    for block in card.split("\n\n"):
        if block.startswith("|"):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(cells) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["card.md", "card.html", "card.HTML"])
def test_cards_are_written_whole(known, language, name, tmp_path):
    write_model_card(known[0], tmp_path / name, language=language)
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert TEXTS[language]["limits"] in text
    assert ("<table>" in text) == name.lower().endswith("html")
    assert [item.name for item in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["card.md", "card.html"])
def test_save_writes_the_same_card(name, fitted, tmp_path):
    path = tmp_path / "a.crmml"
    save(fitted["rfm"], path, card=tmp_path / name)
    write_model_card(path, tmp_path / f"again-{name}")
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text == (tmp_path / f"again-{name}").read_text(encoding="utf-8")
    with pytest.raises(SchemaError, match=r"\.md or \.html"):
        save(fitted["rfm"], tmp_path / "b.crmml", card=tmp_path / "card.txt")
    assert not (tmp_path / "b.crmml").exists()


def test_every_model_has_a_card(fitted, tmp_path):
    for model in fitted.values():
        save(model, tmp_path / "a.crmml")
        manifest = read_manifest(tmp_path / "a.crmml")
        for language in TEXTS:
            assert type(model).__name__ in make_model_card(manifest, language=language)


def test_other_forms_and_languages_are_refused(known, tmp_path):
    with pytest.raises(SchemaError, match=r"'\.pdf'"):
        write_model_card(known[0], tmp_path / "card.pdf")
    with pytest.raises(SchemaError, match="'fr'"):
        write_model_card(known[0], tmp_path / "card.md", language="fr")
    (tmp_path / "no.crmml").write_bytes(b"nothing")
    with pytest.raises(ModelFileError):
        write_model_card(tmp_path / "no.crmml", tmp_path / "card.md")
    assert [item.name for item in tmp_path.iterdir()] == ["no.crmml"]

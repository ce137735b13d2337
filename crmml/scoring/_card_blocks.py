"""What stands on a model card, block by block, in any language."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from crmml.features import describe_features
from crmml.reporting._churn_definition import say_churn

Block = tuple[str, Any]
"""A heading, a text, a list of texts, or a table of text, and which of these."""

_MOST_ROWS = 30
_CLEAR = 0.5
"""From here on a number is said to act in one direction."""
_LIMITS = ("sample", "base", "cause", "interval", "fair", "privacy")


def make_title(manifest: dict[str, Any], words: dict[str, str]) -> str:
    """Name the kind of the model, and its classifier.

    Parameters
    ----------
    manifest : dict
        What the file says.
    words : dict of str to str
        The words of a language.

    Returns
    -------
    str
        The title.
    """
    name = _name(manifest, words)
    return words["title"].format(kind=name)


def _name(manifest: dict[str, Any], words: dict[str, str]) -> str:
    kind, parameters = str(manifest["kind"]), manifest.get("parameters") or {}
    part = parameters.get("classifier")
    if part is None:
        return kind
    return words["with"].format(kind=kind, part=str(part).split("(")[0])


def make_blocks(
    manifest: dict[str, Any], words: dict[str, str], language: str
) -> Iterator[Block]:
    """Say what is known of a model, and what is not.

    Parameters
    ----------
    manifest : dict
        What the file says.
    words : dict of str to str
        The words of the language.
    language : {"en", "zh"}
        The language, for names of features.

    Yields
    ------
    tuple of str and object
        A heading, a text, a list of texts, or a table of text.
    """
    yield "heading", words["purpose"]
    yield "text", _say_purpose(manifest, words)
    yield "heading", words["training"]
    yield from _say_training(manifest, words)
    yield "heading", words["quality"]
    yield from _say_quality(manifest.get("backtest"), words)
    yield "heading", words["drivers"]
    yield from _say_drivers(manifest.get("drivers"), words, language)
    yield "heading", words["features"]
    yield from _say_features(manifest.get("features"), words, language)
    yield "heading", words["limits"]
    yield "list", [words[f"limit_{name}"] for name in _LIMITS]
    yield "heading", words["identity"]
    facts = {**manifest["versions"], words["sha256"]: manifest.get("sha256", "–")}
    yield "table", _facts(facts, words)


def _say_purpose(manifest: dict[str, Any], words: dict[str, str]) -> str:
    label = manifest.get("label")
    if label is None:
        return words["other"].format(kind=manifest["kind"])
    return say_churn(label, words)


def _say_training(manifest: dict[str, Any], words: dict[str, str]) -> Iterator[Block]:
    training, tables = manifest["training"], manifest.get("tables")
    rate = training.get("base_rate")
    cutoffs, n_customers = training.get("cutoffs"), training.get("n_customers")
    facts = {
        words["snapshots"]: cutoffs and ", ".join(one.split("T")[0] for one in cutoffs),
        words["n_customers"]: n_customers and f"{n_customers:,}",
        words["base_rate"]: None if rate is None else f"{rate:.1%}",
        words["n_unlabelled"]: training.get("n_unlabelled"),
        words["observed_until"]: tables and tables["observed_until"],
    }
    known = {name: value for name, value in facts.items() if value is not None}
    if known:
        yield "table", _facts(known, words)
    if len(known) < len(facts) and tables is None:
        yield "text", words["unknown"]
    if tables is not None:
        rows = [
            {
                words["table"]: name,
                words["rows"]: f"{one['n_rows']:,}",
                words["first_day"]: one["first_day"] or "–",
                words["last_day"]: one["last_day"] or "–",
                words["columns"]: ", ".join(one["columns"]),
            }
            for name, one in tables["tables"].items()
        ]
        yield "table", pd.DataFrame(rows)


def _say_quality(
    backtest: dict[str, Any] | None, words: dict[str, str]
) -> Iterator[Block]:
    if backtest is None:
        yield "text", words["no_backtest"]
        return
    yield "text", words["backtest"]
    columns: dict[str, Callable[[dict[str, Any]], str]] = {
        "cutoff": lambda row: str(row.get("cutoff", "–")).split("T")[0],
        "model": lambda row: words.get(row.get("model", ""), str(row.get("model"))),
        "n": lambda row: _number(row.get("n"), ",.0f"),
        "rate": lambda row: _number(row.get("base_rate"), ".1%"),
        "auc": lambda row: _number(row.get("auc"), ".3f"),
        "interval": _say_interval,
        "top_decile_lift": lambda row: _number(row.get("top_decile_lift"), ".2f"),
        "brier": lambda row: _number(row.get("brier"), ".4f"),
        "profit": lambda row: _number(row.get("profit"), ",.2f"),
    }
    rows = [
        {words[name]: say(row) for name, say in columns.items()}
        for row in backtest["rows"][:_MOST_ROWS]
    ]
    table = pd.DataFrame(rows)
    # A column that nobody measured would only be dashes.
    yield "table", table.loc[:, (table != "–").any()] if rows else table
    if backtest["verdict"]:
        yield "text", words["verdict"].format(verdict=backtest["verdict"])


def _say_interval(row: dict[str, Any]) -> str:
    low, high = (_number(row.get(f"auc_{end}"), ".3f") for end in ("low", "high"))
    return low if low == "–" else f"{low} – {high}"


def _number(value: Any, spec: str) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return format(value, spec) if is_number else "–"


def _say_drivers(
    drivers: list[dict[str, Any]] | None, words: dict[str, str], language: str
) -> Iterator[Block]:
    if drivers is None:
        yield "text", words["unknown"]
        return
    yield "text", words["driver_note"]
    names = describe_features([one["feature"] for one in drivers], language)
    rows = [
        {
            words["feature"]: names.get(one["feature"], one["feature"]).rstrip("%"),
            words["share"]: f"{one['share']:.1%}",
            words["direction"]: _say_direction(one["direction"], words),
        }
        for one in drivers[:_MOST_ROWS]
    ]
    yield "table", pd.DataFrame(rows)


def _say_direction(direction: float | None, words: dict[str, str]) -> str:
    if direction is None:
        return "–"
    if abs(direction) < _CLEAR:
        return words["mixed"]
    return words["rises" if direction > 0 else "falls"]


def _say_features(
    features: list[dict[str, Any]] | None, words: dict[str, str], language: str
) -> Iterator[Block]:
    if features is None:
        yield "text", words["unknown"]
        return
    names = [str(one["name"]) for one in features]
    meanings = describe_features(names, language)
    rows = [
        {
            words["feature"]: name,
            words["kind"]: words.get(one["kind"], one["kind"]),
            words["meaning"]: meanings.get(name, "–").rstrip("%"),
        }
        for name, one in zip(names, features, strict=True)
    ]
    yield "table", pd.DataFrame(rows)


def _facts(facts: dict[str, Any], words: dict[str, str]) -> pd.DataFrame:
    rows = [
        {words["fact"]: name, words["value"]: str(value)}
        for name, value in facts.items()
    ]
    return pd.DataFrame(rows)

"""The words of reasons: sentences a language, readable names, numbers as written."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

import numpy as np

from crmml.exceptions import SchemaError

# What a sentence may refer to, by its key; the keys without fields are single words.
_FIELDS: dict[str, set[str]] = {
    "number": {"name", "value", "typical", "effect"},
    "value": {"name", "value", "effect"},
    "missing": {"name", "effect"},
    "change": {"name", "value", "new_value", "risk", "new_risk"},
    "share": {"number"},
    **{
        key: set()
        for key in ("raises", "lowers", "yes", "no", "unknown", "high", "low", "mixed")
    },
}

TEMPLATES: dict[str, dict[str, str]] = {
    "en": {
        "number": "{name}: {value} (typical: {typical}), {effect}",
        "value": "{name}: {value}, {effect}",
        "missing": "{name}: not known, {effect}",
        "change": "{name}: {new_value} instead of {value}, "
        "risk {new_risk} instead of {risk}",
        "share": "{number} %",
        "raises": "raises the risk",
        "lowers": "lowers the risk",
        "yes": "yes",
        "no": "no",
        "unknown": "not known",
        "high": "high values",
        "low": "low values",
        "mixed": "mixed",
    },
    "zh": {
        "number": "{name}：{value}（通常为{typical}），{effect}",
        "value": "{name}：{value}，{effect}",
        "missing": "{name}：未知，{effect}",
        "change": "{name}：由{value}改为{new_value}，流失概率由{risk}变为{new_risk}",
        "share": "{number}%",
        "raises": "流失风险升高",
        "lowers": "流失风险降低",
        "yes": "是",
        "no": "否",
        "unknown": "未知",
        "high": "数值高",
        "low": "数值低",
        "mixed": "不定",
    },
}


@dataclass(frozen=True)
class Words:
    """The sentences of one language, and the names under which features appear."""

    templates: Mapping[str, str]
    names: Mapping[Any, str]

    def name(self, feature: Any) -> str:
        """Readable name of a feature, without the mark of a share."""
        readable = self.names.get(feature)
        return f"{feature}" if readable is None else readable.removesuffix("%").rstrip()

    def value(self, feature: Any, value: Any) -> str:
        """Write one value of a feature."""
        if value is None:
            return self.templates["unknown"]
        if isinstance(value, bool):
            return self.templates["yes" if value else "no"]
        if isinstance(value, str):
            return value
        return self.number(value, is_share=self.names.get(feature, "").endswith("%"))

    def number(self, value: float, *, is_share: bool = False) -> str:
        """Write a number, a share as a percentage."""
        if not is_share:
            return format_number(value, grouped=True)
        return self.templates["share"].format(number=format_number(100 * value, 3))

    def reason(self, feature: Any, value: Any, typical: str | None, sign: float) -> str:
        """Write the sentence for one value; `typical` is set beside a number."""
        effect = self.templates["raises" if sign > 0 else "lowers"]
        name = self.name(feature)
        if value is None:
            return self.templates["missing"].format(name=name, effect=effect)
        shown = self.value(feature, value)
        if typical is None or typical == shown:
            return self.templates["value"].format(name=name, value=shown, effect=effect)
        return self.templates["number"].format(
            name=name, value=shown, typical=typical, effect=effect
        )

    def change(
        self, feature: Any, value: Any, new_value: Any, risk: float, new_risk: float
    ) -> str:
        """Write the sentence for one change and what it does to the probability."""
        return self.templates["change"].format(
            name=self.name(feature),
            value=self.value(feature, value),
            new_value=self.value(feature, new_value),
            risk=self.number(risk, is_share=True),
            new_risk=self.number(new_risk, is_share=True),
        )


def read_words(
    language: str,
    names: Mapping[Any, str] | None = None,
    templates: Mapping[str, str] | None = None,
) -> Words:
    """Read how reasons are to be worded.

    Parameters
    ----------
    language : {"en", "zh"}
        English or Chinese.
    names : mapping of str to str, optional
        Readable names by feature; features without one keep their own. A name that
        ends in "%" marks a fraction, which is then written as a percentage.
    templates : mapping of str to str, optional
        Sentences and words that replace the built-in ones, by their key in
        ``TEMPLATES``.

    Returns
    -------
    Words
        What to write with.

    Raises
    ------
    SchemaError
        If the language is another one, a key or a field in braces is unknown, or a
        name is no text.
    """
    if language not in TEMPLATES:
        raise SchemaError(
            f"language must be one of {list(TEMPLATES)}, got {language!r}. For another "
            "one pass templates= with sentences of your own."
        )
    given = _read_mapping(templates, "templates")
    unknown = sorted(set(given) - set(_FIELDS))
    if unknown:
        raise SchemaError(
            f"templates has unknown keys {unknown}; there are {sorted(_FIELDS)}."
        )
    for key, template in given.items():
        _check_fields(key, template)
    return Words({**TEMPLATES[language], **given}, _read_mapping(names, "names"))


def _read_mapping(given: Mapping[Any, str] | None, argument: str) -> dict[Any, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise SchemaError(
            f"{argument} must be a dictionary, got {type(given).__name__}."
        )
    wrong = sorted(f"{key!r}" for key in given if not isinstance(given[key], str))
    if wrong:
        raise SchemaError(f"{argument} must map to text; it does not for {wrong}.")
    return dict(given)


def _check_fields(key: str, template: str) -> None:
    """Refuse what the sentence cannot be filled with, attributes of fields included."""
    try:
        fields = {field for _, field, _, _ in Formatter().parse(template) if field}
        # Braces without a name would be filled by position.
        template.format(**dict.fromkeys(fields & _FIELDS[key], ""))
    except (KeyError, IndexError, ValueError):
        fields = {"?"}
    if not fields <= _FIELDS[key]:
        allowed = [f"{{{field}}}" for field in sorted(_FIELDS[key])]
        raise SchemaError(
            f"templates[{key!r}] may refer to {allowed or 'nothing'} in braces, each "
            "by its bare name; write other braces twice."
        )


def format_number(value: float, digits: int = 4, *, grouped: bool = False) -> str:
    """Write a number as people do: whole if whole or large, else some digits.

    Examples
    --------
    >>> format_number(41.0), format_number(0.123456), format_number(1234567.8)
    ('41', '0.1235', '1234568')
    >>> format_number(9876.0, grouped=True), format_number(1234567.8, grouped=True)
    ('9876', '1,234,568')
    """
    if value == round(value) or abs(value) >= 10**digits:
        # Four figures may be a year, which nobody groups.
        whole: str = (
            f"{value:,.0f}" if grouped and abs(value) >= 1e4 else f"{value:.0f}"
        )
        return whole
    return np.format_float_positional(
        value, precision=digits, unique=False, fractional=False, trim="-"
    )

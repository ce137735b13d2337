"""Known signs: features along which risk may only rise, or only fall."""

from collections.abc import Mapping
from numbers import Integral
from typing import Any

from crmml._utils._frames import join_texts
from crmml.exceptions import SchemaError
from crmml.models._columns import TEXT
from crmml.models._encoder import FrameEncoder


def check_monotonic(
    monotonic: Mapping[str, int] | None, encoder: FrameEncoder
) -> dict[int, int]:
    """Read the known signs by feature; what cannot be honoured is refused.

    Parameters
    ----------
    monotonic : mapping of str to {-1, 1} or None
        What the caller gave.
    encoder : FrameEncoder
        Knows the features.

    Returns
    -------
    dict of int to int
        Position of the feature and its sign.

    Raises
    ------
    SchemaError
        If a feature is unknown or a category, or a sign is neither 1 nor -1.
    """
    given = {} if monotonic is None else dict(monotonic)
    _refuse_signs(given)
    at = {name: j for j, name in enumerate(encoder.names_)}
    unknown = [repr(name) for name in given if name not in at]
    if unknown:
        raise SchemaError(
            f"monotonic names features that X does not have: {join_texts(unknown)}. "
            "Names must match exactly, also in case and blanks; columns of an array, "
            "or of a frame whose labels are not all text, are called x0, x1, ..."
        )
    categories = [repr(name) for name in given if encoder.kinds_[at[name]] == TEXT]
    if categories:
        raise SchemaError(
            f"monotonic names categories: {join_texts(categories)}. Text has no order "
            "along which risk could rise. Pass numbers, such as ranks, or leave the "
            "feature out of monotonic."
        )
    return {at[name]: int(sign) for name, sign in given.items()}


def _refuse_signs(given: dict[str, Any]) -> None:
    wrong = [
        f"{name!r}: {sign!r}"
        for name, sign in given.items()
        if not isinstance(sign, Integral) or isinstance(sign, bool) or abs(sign) != 1
    ]
    if wrong:
        raise SchemaError(
            "monotonic wants 1 (risk never falls as the number rises) or -1 (never "
            f"rises), got {join_texts(wrong)}. Leave out features of unknown sign."
        )

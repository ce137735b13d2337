"""The stages of a customer's life and what they are called."""

from typing import Any

from crmml.exceptions import SchemaError

STAGES = (
    "Prospect",
    "New",
    "Developing",
    "Stable",
    "Declining",
    "Lapsed",
    "Won back",
)
PROSPECT, NEW, DEVELOPING, STABLE, DECLINING, LAPSED, WON_BACK = range(7)
_RELATIONSHIP = (
    "Exploration",
    "Exploration",
    "Formation",
    "Stability",
    "Decline",
    "Decline",
    "Formation",
)


def name_stages(stages: Any) -> tuple[str, ...]:
    """Return the names of the seven stages that the parameter `stages` stands for."""
    if isinstance(stages, str):
        if stages not in ("lifecycle", "relationship"):
            raise SchemaError(
                "stages must be 'lifecycle', 'relationship' or a mapping of the seven "
                f"stages to names, got {stages!r}."
            )
        return STAGES if stages == "lifecycle" else _RELATIONSHIP
    missing = [stage for stage in STAGES if stage not in stages]
    if missing or len(stages) > len(STAGES):
        raise SchemaError(
            f"stages must map each of {', '.join(STAGES)} to a name; "
            + (f"{', '.join(missing)} lack one." if missing else "there are others.")
        )
    return tuple(stages[stage] for stage in STAGES)

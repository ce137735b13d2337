"""Text from data on a terminal: shown, never obeyed."""

from crmml._utils._controls import spell_controls


def say(text: str) -> None:
    """Print a text that holds data.

    Parameters
    ----------
    text : str
        One or more lines.
    """
    print(spell_controls(text))  # noqa: T201

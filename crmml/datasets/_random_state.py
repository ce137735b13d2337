"""Seeds of simulations: one check and one wording."""

from typing import Any

import numpy as np

from crmml.exceptions import SchemaError


def make_generator(random_state: Any) -> np.random.Generator:
    """Make a generator of random numbers.

    Parameters
    ----------
    random_state : int, numpy.random.Generator or None
        What the caller gave. None: another generator each time.

    Returns
    -------
    numpy.random.Generator
        The generator; one that was given is itself returned.

    Raises
    ------
    SchemaError
        If it is nothing of that.

    Examples
    --------
    >>> bool(make_generator(3).random() == np.random.default_rng(3).random())
    True
    """
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise SchemaError(
            "random_state must be a whole number of at least 0, a numpy Generator or "
            f"None, got {random_state!r}."
        ) from None

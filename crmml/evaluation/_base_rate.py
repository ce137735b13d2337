"""Probabilities for a population in which more, or fewer, customers leave."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crmml.evaluation._validation import check_probabilities
from crmml.exceptions import SchemaError


def adjust_base_rate(
    y_proba: Any, *, trained_rate: float, new_rate: float
) -> NDArray[np.float64]:
    r"""Recalibrate probabilities to a new base rate.

    Odds are multiplied by the ratio of the odds of the two base rates,

    .. math:: \frac{p'}{1 - p'} = \frac{p}{1 - p} \cdot
        \frac{\pi' / (1 - \pi')}{\pi / (1 - \pi)} ,

    which is right where leavers look as leavers did and stayers as stayers did, and
    only their numbers have changed: after training on a sample in which leavers were
    over-represented, or in a season in which more people leave.

    Parameters
    ----------
    y_proba : array-like of shape (n_samples,)
        Probabilities of leaving, in [0, 1].
    trained_rate : float
        Share π of leavers in the training data, strictly between 0 and 1.
    new_rate : float
        Share π' of leavers where the model is used, strictly between 0 and 1.

    Returns
    -------
    ndarray of float of shape (n_samples,)
        Probabilities in the same order; 0 and 1 stay.

    Raises
    ------
    SchemaError
        If a probability is missing or outside [0, 1], or a rate is out of range.

    See Also
    --------
    compute_calibration_summary : Whether it is needed, and whether it helped.

    References
    ----------
    Saerens, M., Latinne, P. and Decaestecker, C. (2002), "Adjusting the outputs of a
    classifier to new a priori probabilities", Neural Computation 14(1).
    https://doi.org/10.1162/089976602753284446

    Examples
    --------
    Trained on one leaver for each stayer, used where one in five leaves: odds of 1
    become odds of 1 to 4.

    >>> from crmml.evaluation import adjust_base_rate
    >>> adjust_base_rate([0.5, 0.8], trained_rate=0.5, new_rate=0.2)
    array([0.2, 0.5])
    """
    proba = check_probabilities(y_proba, "y_proba")
    trained = _check_rate(trained_rate, "trained_rate")
    new = _check_rate(new_rate, "new_rate")
    # Without division by 1 - p, so that certainty stays what it is.
    left = proba * (new / trained)
    stayed = (1.0 - proba) * ((1.0 - new) / (1.0 - trained))
    return np.asarray(left / (left + stayed))


def _check_rate(value: Any, name: str) -> float:
    if not isinstance(value, Real) or not 0 < float(value) < 1:
        raise SchemaError(f"{name} must lie strictly between 0 and 1, got {value!r}.")
    return float(value)

"""The cost of each right and wrong decision, said as a campaign."""

from typing import Any

import numpy as np

from crmml.evaluation._money import check_amount
from crmml.evaluation._validation import Floats
from crmml.exceptions import SchemaError


def convert_cost_matrix(
    *, tp_cost: Any, fp_cost: Any, fn_cost: Any, tn_cost: Any
) -> dict[str, Floats]:
    r"""Turn the costs of the four decisions into the money that profit functions take.

    Against not calling, a call earns ``fn_cost - tp_cost`` if the customer would have
    left, and costs ``fp_cost - tn_cost`` if he would have stayed. A campaign whose
    offer everybody accepts does the same with

    .. math::

        \text{incentive} = \text{fp} - \text{tn}, \qquad
        \text{clv} = (\text{fn} - \text{tp}) + \text{incentive},
        \qquad \text{contact} = 0 .

    Parameters
    ----------
    tp_cost, fp_cost, fn_cost, tn_cost : float or array-like of shape (n_samples,)
        Cost, in one currency, of calling a leaver, calling a stayer, not calling a
        leaver and not calling a stayer. A negative cost is a gain.

    Returns
    -------
    dict of str to ndarray of shape () or (n_samples,)
        ``clv``, ``accept_rate`` (1), ``incentive_cost`` and ``contact_cost`` (0), to
        be passed on by ``**``.

    Raises
    ------
    SchemaError
        If a cost is missing, infinite or not numeric, lengths differ, or calling a
        stayer costs less than not calling him.

    Examples
    --------
    A leaver who is called costs 40 instead of 100, a stayer 10 instead of 0.

    >>> from crmml.evaluation import convert_cost_matrix, profit_score
    >>> money = convert_cost_matrix(tp_cost=40, fp_cost=10, fn_cost=100, tn_cost=0)
    >>> profit_score([1, 0], [1, 1], **money)
    25.0
    """
    given = {
        "tp_cost": tp_cost,
        "fp_cost": fp_cost,
        "fn_cost": fn_cost,
        "tn_cost": tn_cost,
    }
    # The first of several lengths is the one the others must have.
    n_samples = max((np.size(cost) for cost in given.values()), default=1)
    tp, fp, fn, tn = (
        check_amount(cost, name, n_samples, low=-np.inf) for name, cost in given.items()
    )
    incentive = fp - tn
    n_reversed = int(np.count_nonzero(incentive < 0))
    if n_reversed:
        raise SchemaError(
            f"fp_cost must be at least tn_cost: for {n_reversed} customers it would "
            "pay to call those who stay. Check which cost is which."
        )
    return {
        "clv": np.asarray(fn - tp + incentive),
        "accept_rate": np.asarray(1.0),
        "incentive_cost": np.asarray(incentive),
        "contact_cost": np.asarray(0.0),
    }

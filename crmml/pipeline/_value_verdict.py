"""How sure the measures of value forecasts are, and what they say, in words."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmml.evaluation import compute_value_summary
from crmml.evaluation._value_measures import Measures, WeightedMeasures

N_RESAMPLES = 400
_MOST_CUSTOMERS = 20_000
"""From so many on, drawing more would only take longer."""
_KEYS = ["cutoff", "quantity", "model"]
_NAMES = Measures._fields
_MAE, _BIAS, _GINI = range(len(_NAMES))


class Resampled(NamedTuple):
    """Measures of each forecast, and as they would be of other customers."""

    keys: pd.DataFrame
    """One row for each forecast: cutoff, quantity, model."""
    found: NDArray[np.float64]
    """Of shape (n_forecasts, n_measures)."""
    drawn: NDArray[np.float64]
    """Of shape (n_resamples, n_forecasts, n_measures)."""


def summarise_forecasts(scores: pd.DataFrame) -> pd.DataFrame:
    """Measure the forecasts of each cutoff, quantity and model.

    Parameters
    ----------
    scores : pandas.DataFrame
        As :func:`score_forecasts` returns them.

    Returns
    -------
    pandas.DataFrame
        One row for each, with intervals; the verdict is in ``attrs``.
    """
    groups = dict(list(scores.groupby(_KEYS, sort=False)))
    resampled = _resample(scores, groups)
    rows = []
    for i, (key, group) in enumerate(groups.items()):
        row = dict(zip(_KEYS, key, strict=True)) | {"n": len(group)}
        found = compute_value_summary(group["actual"], group["forecast"])
        for j, name in enumerate(_NAMES):
            low, high = _interval(resampled.drawn[:, i, j])
            row |= {name: found[name], f"{name}_low": low, f"{name}_high": high}
        row["top_decile_share"] = found["top_decile_share"]
        rows.append(row)
    table = pd.DataFrame(rows)
    table.attrs["verdict"] = judge(resampled)
    return table


def judge(resampled: Resampled) -> str:
    """Say of each model what it is worth beside the best rule.

    Parameters
    ----------
    resampled : Resampled
        The measures of models and rules.

    Returns
    -------
    str
        Two sentences for each quantity and model.
    """
    keys = resampled.keys
    verdicts = []
    for quantity in keys["quantity"].unique():
        names = keys.loc[keys["quantity"] == quantity, "model"].unique()
        means = {name: _average(resampled, quantity, name) for name in names}
        rules = [name for name in names if name.startswith("rule: ")]
        verdicts += [
            _judge_one(quantity, name, rules, means)
            for name in names
            if name not in rules
        ]
    n_cutoffs = keys["cutoff"].nunique()
    plural = "" if n_cutoffs == 1 else "s"
    return " ".join([*verdicts, f"Intervals: 95 %, {n_cutoffs} cutoff{plural}."])


def _resample(scores: pd.DataFrame, groups: dict[Any, pd.DataFrame]) -> Resampled:
    """Draw customers again and again; one tested at several cutoffs is one witness.

    Of many customers some stand for all: their spread is the larger by the root of how
    many fewer they are.
    """
    found = np.array(
        [_cell(group).measure(np.ones(len(group))) for group in groups.values()]
    )
    codes, ids = pd.factorize(scores["customer_id"])
    rng = np.random.default_rng(0)
    n_some = min(len(ids), _MOST_CUSTOMERS)
    place = np.full(len(ids), -1)
    place[np.sort(rng.choice(len(ids), n_some, replace=False))] = np.arange(n_some)
    code = pd.Series(place[codes], index=scores.index)
    cells = []
    for group in groups.values():
        own = code[group.index].to_numpy()
        cells.append((_cell(group[own >= 0]), own[own >= 0]))
    middle = np.array([cell.measure(np.ones(len(own))) for cell, own in cells])
    drawn = np.empty((N_RESAMPLES, len(cells), len(_NAMES)))
    for b in range(N_RESAMPLES):
        picked = rng.integers(0, n_some, n_some)
        weight = np.bincount(picked, minlength=n_some).astype(np.float64)
        for i, (cell, own) in enumerate(cells):
            drawn[b, i] = cell.measure(weight[own])
    drawn = found + (drawn - middle) * np.sqrt(n_some / len(ids))
    return Resampled(pd.DataFrame(list(groups), columns=_KEYS), found, drawn)


def _cell(group: pd.DataFrame) -> WeightedMeasures:
    return WeightedMeasures(group["actual"].to_numpy(), group["forecast"].to_numpy())


def _average(
    resampled: Resampled, quantity: str, model: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means over cutoffs: measures as found, and as drawn."""
    keys = resampled.keys
    own = ((keys["quantity"] == quantity) & (keys["model"] == model)).to_numpy()
    return resampled.found[own].mean(axis=0), resampled.drawn[:, own].mean(axis=1)


def _judge_one(quantity: str, name: str, rules: list[str], means: Any) -> str:
    """Compare ranking and error with the rule that is best at each, and the total."""
    found, drawn = means[name]
    best = max(rules, key=lambda rule: means[rule][0][_GINI])
    closest = min(rules, key=lambda rule: means[rule][0][_MAE])
    ranks = _compare(drawn[:, _GINI] - means[best][1][:, _GINI])
    errs = _compare(means[closest][1][:, _MAE] - drawn[:, _MAE])
    low, high = _interval(drawn[:, _BIAS])
    word = {1: "ranks better than", 0: "does not clearly beat", -1: "ranks worse than"}
    near = {
        1: "comes closer than",
        0: "is about as close as",
        -1: "is further off than",
    }
    return (
        f"{name} {word[ranks]} {_short(best)} in {quantity}: Gini {found[_GINI]:.3f} "
        f"against {means[best][0][_GINI]:.3f}. It {near[errs]} {_short(closest)}: mean "
        f"absolute error {found[_MAE]:.4g} against {means[closest][0][_MAE]:.4g}; in "
        f"total it expects {_say_bias(found[_BIAS])} ({100 * low:+.0f} % to "
        f"{100 * high:+.0f} %)."
    )


def _compare(gain: NDArray[np.float64]) -> int:
    low, high = _interval(gain)
    return int(low > 0) - int(high < 0)


def _interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _say_bias(bias: float) -> str:
    return f"{100 * abs(bias):.0f} % too {'much' if bias > 0 else 'little'}"


def _short(rule: str) -> str:
    # Rules are named as in the table, without its prefix.
    return f"the rule {rule.removeprefix('rule: ')!r}"

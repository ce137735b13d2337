"""Offers and tomorrow's test: crmml, and the same rules with scipy and with sets.

Run with the packages of ``pip install -e ".[bench]"``:

    python benchmarks/bench_offers.py [quick]

Rules come from 100,000 generated baskets (870 items, mean length 10). Beside crmml
stand the same rules as they are used by hand: a sparse matrix product (baskets x
rules), a walk through all rules with Python sets, and the columns of a dense matrix. No
package for rules that we know of recommends or tests on later baskets. Figures are CPU
seconds after a call that compiles, medians of three runs where no line says otherwise.
"""

import sys
import time
from importlib.metadata import version

import numpy as np
from bench_baskets import simulate
from scipy.sparse import csr_matrix

from crmml.association import AssociationRules


def cost(call, runs=3):
    """Median CPU seconds of a call."""
    spent = []
    for _ in range(runs):
        start = time.process_time()
        call()
        spent.append(time.process_time() - start)
    return float(np.median(spent))


def to_lists(lines):
    """One list of items for each order."""
    order = lines["order_id"].to_numpy()
    items = lines["product_id"].to_numpy()
    parts = np.split(items, np.flatnonzero(np.diff(order)) + 1)
    return [part.tolist() for part in parts]


def to_matrix(baskets, n_items):
    """Baskets x items."""
    sizes = [len(set(one)) for one in baskets]
    columns = np.concatenate([sorted(set(one)) for one in baskets])
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    ones = np.ones(len(columns), dtype=np.int32)
    return csr_matrix((ones, columns, offsets), (len(baskets), n_items))


def offer_by_matrix(rules, held, n_items):
    """The best offers by a product of baskets and rules, as it is written by hand."""
    left, offered, _ = rules
    found = 0
    # Rules come best first; a block of baskets keeps the product small.
    for start in range(0, held.shape[0], 500):
        block = held[start : start + 500]
        matched = (block @ left.T).tocoo()
        full = matched.data == np.diff(left.indptr)[matched.col]
        rows, best = matched.row[full], matched.col[full]
        keys = rows.astype(np.int64) * held.shape[1] + offered[best]
        owned = block.tocoo()
        lacks = ~np.isin(keys, owned.row.astype(np.int64) * held.shape[1] + owned.col)
        rows, best, keys = rows[lacks], best[lacks], keys[lacks]
        order = np.lexsort((best, rows))
        firsts = np.sort(np.unique(keys[order], return_index=True)[1])
        found += np.minimum(np.bincount(rows[order][firsts]), n_items).sum()
    return found


def offer_by_sets(rules, basket, n_items):
    """The best offers for one basket, rule after rule."""
    held, found = set(basket), []
    for left, item in zip(rules[2], rules[1].tolist(), strict=True):
        if left <= held and item not in held and item not in found:
            found.append(item)
            if len(found) == n_items:
                break
    return found


def spell_rules(table, n_items):
    """Rules with one consequent, best first, as a matrix and as sets."""
    one = table[table["consequents"].map(len) == 1]
    item = one["consequents"].map(lambda side: next(iter(side)))
    order = np.lexsort((item, -one["count"], -one["lift"], -one["confidence"]))
    sides = one["antecedents"].to_numpy()[order]
    rows = [sorted(side) for side in sides]
    return to_matrix(rows, n_items), item.to_numpy()[order], sides.tolist()


def count_by_matrix(table, held, n_rules):
    """Confidence of rules in later baskets by columns of a dense matrix."""
    dense = held.astype(bool).toarray()
    for left, right in table[["antecedents", "consequents"]].head(n_rules).to_numpy():
        with_left = dense[:, sorted(left)].all(axis=1)
        dense[with_left][:, sorted(right)].all(axis=1).sum()


def report(name, seconds, others):
    """Print one line: seconds of crmml, then of the others with their ratios."""
    beside = "".join(
        f"   {title} {other:.3g} s ({other / seconds:.1f} x)" for title, other in others
    )
    print(f"{name:<58}{seconds:>10.4g} s{beside}")


def main():
    """Time offers for one basket and many, and the validation of rules."""
    quick = "quick" in sys.argv[1:]
    n_baskets, n_batch = (10_000, 20_000) if quick else (100_000, 1_000_000)
    names = ("numpy", "numba", "pandas", "scipy")
    print(", ".join(f"{name} {version(name)}" for name in names))
    lines = simulate(2 * n_baskets, 10, 4, 870, 2000, seed=0)
    earlier, later = (
        lines[(lines["order_id"] < n_baskets) == side] for side in (True, False)
    )
    rules = AssociationRules(0.0006, 0.3, min_lift=1.0, max_rules=10_000_000)
    rules.fit(earlier)
    baskets = to_lists(later)
    asked = (baskets * (n_batch // len(baskets) + 1))[:n_batch]
    n_items = int(lines["product_id"].max()) + 1
    spelled = spell_rules(rules.rules_, n_items)
    print(f"{rules.n_rules_:,} rules, of which {len(spelled[1]):,} offer one item")
    rules.predict(baskets[:1000])
    rules.validate(baskets[:1000])

    ones = baskets[:200]
    report(
        "predict, one basket at a time (mean)",
        cost(lambda: [rules.predict([one]) for one in ones]) / len(ones),
        [
            (
                "sets",
                cost(lambda: [offer_by_sets(spelled, one, 3) for one in ones[:20]], 1)
                / 20,
            )
        ],
    )
    some = 5_000
    held = to_matrix(baskets[:some], n_items)
    report(
        f"predict, {some:,} baskets",
        cost(lambda: rules.predict(baskets[:some])),
        [("scipy", cost(lambda: offer_by_matrix(spelled, held, 3), 1))],
    )
    report(f"predict, {n_batch:,} baskets", cost(lambda: rules.predict(asked), 1), [])
    few = 300
    share = len(rules.rules_) / few
    own = to_matrix(baskets, n_items)
    report(
        f"validate, {rules.n_rules_:,} rules on {len(baskets):,} baskets",
        cost(lambda: rules.validate(later), 1),
        [
            (
                f"numpy, rule by rule (from {few}), without offers",
                cost(lambda: count_by_matrix(rules.rules_, own, few), 1) * share,
            )
        ],
    )


if __name__ == "__main__":
    main()

"""Offers from rules, and tomorrow's test of rules.

Beside crmml stand the same rules as they are used by hand: a sparse matrix product
(baskets x rules), a walk through all rules with Python sets, and the columns of a dense
matrix (a few hundred rules, scaled up). No package for rules that we know of recommends
or tests on later baskets. Rules come from generated baskets of mean length 10.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks._clock import clock
from benchmarks._common import run_alone
from benchmarks._records import Bar
from benchmarks.bench_baskets import simulate
from crmml.association import AssociationRules

TITLE = "Offers"
SIZES = {
    "quick": {"n_baskets": 10_000, "n_batch": [1_000, 5_000, 20_000]},
    "full": {"n_baskets": 100_000, "n_batch": [1_000, 5_000, 100_000, 1_000_000]},
}
MINUTES = {"quick": 1, "full": 4}
PACKAGES = ("numpy", "scipy", "numba", "pandas")
ONE, MANY, TEST = "200 baskets one by one", "offers for a batch", "test of all rules"
PICTURE = (MANY,)
BARS = (
    Bar(task=ONE, peer="Python sets, scaled up", at_least=3),
    Bar(task=MANY, peer="scipy product", at_least=3, most=5_000),
)
FEW = 300


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


def scale(used, times):
    """Seconds of a part, scaled up to the whole."""
    return replace(used, wall=used.wall * times, cpu=used.cpu * times)


def run(report, n_baskets, n_batch):
    lines = simulate(2 * n_baskets, 10, 4, 870, 2000, seed=0)
    earlier, later = (
        lines[(lines["order_id"] < n_baskets) == side] for side in (True, False)
    )
    rules = AssociationRules(0.0006, 0.3, min_lift=1.0, max_rules=10_000_000)
    rules.fit(earlier)
    n_items = int(lines["product_id"].max()) + 1
    spelled = spell_rules(rules.rules_, n_items)
    place = {"unit": "baskets", "find": lambda _: {"rules": rules.n_rules_}}
    baskets = to_lists(later)
    ones = baskets[:200]

    def by_sets():
        some = ones[:20]
        used = clock(lambda: [offer_by_sets(spelled, one, 3) for one in some])
        return scale(used, len(ones) / len(some))

    ways = {
        "crmml": lambda: [rules.predict([one]) for one in ones],
        "Python sets, scaled up": by_sets,
    }
    report.race(ONE, ways, size=len(ones), **place)
    for n in n_batch:
        asked = (baskets * (n // len(baskets) + 1))[:n]
        ways = {"crmml": lambda asked=asked: rules.predict(asked)}
        if n <= 5_000:
            held = to_matrix(asked, n_items)
            ways["scipy product"] = lambda held=held: offer_by_matrix(spelled, held, 3)
        report.race(MANY, ways, size=n, runs=3 if n <= 100_000 else 1, **place)
    held = to_matrix(baskets, n_items)

    def count():
        used = clock(lambda: count_by_matrix(rules.rules_, held, FEW))
        return scale(used, len(rules.rules_) / FEW)

    ways = {"crmml": lambda: rules.validate(later)}
    ways["numpy, rule by rule, no offers, scaled up"] = count
    report.race(TEST, ways, size=len(baskets), runs=1, **place)


if __name__ == "__main__":
    run_alone(__file__)

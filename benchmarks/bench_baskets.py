"""Basket rules: from order lines to itemsets and rules.

All ways start from the same two columns of order lines in memory. Peers get the form
they take fastest: rusket a pandas table for its sparse matrix, pyfim lists of lists
(once from lines, once with the lists ready), mlxtend a sparse one-hot table. All must
find the same number of itemsets. Baskets are generated after Agrawal and Srikant
(1994), or are those of a Belgian supermarket (FIMI retail, Brijs et al. 1999), where
`../shared/data/retail.dat` lies beside the checkout. Rules start from itemsets in hand;
the peers find a few rules less, for they compare fractions as floats.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from mlxtend.frequent_patterns import association_rules, fpgrowth
from scipy.sparse import csr_matrix

from benchmarks._clock import NotRunError, clock_apart
from benchmarks._common import run_alone
from benchmarks._peers import optional
from benchmarks._records import Bar
from crmml.association import FrequentItemsets
from crmml.association._itemsets import label_itemsets
from crmml.association._measures import MEASURES, measure_rules
from crmml.association._rule_table import make_rule_table
from crmml.association._rules import derive_rules
from crmml.association._thresholds import as_fraction

fim, rusket = optional("fim"), optional("rusket")

TITLE = "Basket rules"
SIZES = {
    "quick": {
        "n_baskets": [10_000, 100_000],
        "n_with_many_items": 0,
        "n_wide": 0,
        "n_cold": [1_000, 43_000],
        "runs": 3,
    },
    "full": {
        "n_baskets": [10_000, 100_000, 1_000_000],
        "n_with_many_items": 1_800_000,
        "n_wide": 1_000_000,
        "n_cold": [1_000, 43_000, 1_000_000],
        "runs": 5,
    },
}
MINUTES = {"quick": 2, "full": 45}
PACKAGES = ("rusket", "pyfim", "mlxtend", "numba", "numpy", "pandas")
BASKETS, RETAIL = "itemsets, baskets of 10, 0.1 %", "itemsets, FIMI retail, 0.05 %"
MANY, WIDE = "itemsets, 4,000 items, 0.1 %", "itemsets, baskets of 25, 0.2 %"
RULES = "rules, the measures of the peers"
RUSKET, PYFIM, MLXTEND = "rusket", "pyfim, from lines", "mlxtend"
PICTURE = (BASKETS,)
BARS = (
    Bar(task=BASKETS, peer=RUSKET, at_least=3, aim=4, least=100_000),
    Bar(task=BASKETS, peer=PYFIM, at_least=3, aim=4, least=100_000),
    Bar(task=BASKETS, peer=MLXTEND, at_least=60, least=100_000),
    *(Bar(task=RETAIL, peer=peer, at_least=3) for peer in (RUSKET, PYFIM)),
    *(Bar(task=MANY, peer=peer, at_least=5) for peer in (RUSKET, PYFIM)),
    *(Bar(task=WIDE, peer=peer, at_least=5) for peer in (RUSKET, PYFIM)),
    Bar(task=RULES, peer="rusket, codes", at_least=10, aim=30),
    Bar(task=RULES, peer="mlxtend, labels", at_least=15, aim=30),
)
RETAIL_FILE = Path(__file__).parents[2] / "shared" / "data" / "retail.dat"
LIMIT = 100_000_000


def simulate(n_baskets, length, pattern, n_items, n_patterns, seed):
    """Baskets after Agrawal and Srikant (1994): patterns, each partly forgotten."""
    rng = np.random.default_rng(seed)
    weight = rng.exponential(size=n_items)
    weight /= weight.sum()
    patterns, last = [], np.empty(0, dtype=np.int64)
    for size in 1 + rng.poisson(pattern - 1, n_patterns):
        n_old = min(len(last), round(min(1, rng.exponential(0.25)) * size))
        old = rng.choice(last, n_old, replace=False) if n_old else last[:0]
        last = np.unique(np.append(old, rng.choice(n_items, size - n_old, p=weight)))
        patterns.append(last)
    flat = np.concatenate(patterns)
    starts = np.append(0, np.cumsum([len(one) for one in patterns]))
    share = rng.exponential(size=n_patterns)
    lost = np.clip(rng.normal(0.5, np.sqrt(0.1), n_patterns), 0, 1)
    target = np.maximum(1, rng.poisson(length, n_baskets))
    filled = np.zeros(n_baskets, dtype=np.int64)
    orders, items, open_ = [], [], np.arange(n_baskets)
    while len(open_):
        chosen = rng.choice(n_patterns, len(open_), p=share / share.sum())
        sizes = starts[chosen + 1] - starts[chosen]
        owners = np.repeat(open_, sizes)
        places = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        kept = rng.random(len(owners)) >= np.repeat(lost[chosen], sizes)
        orders.append(owners[kept])
        items.append(flat[np.repeat(starts[chosen], sizes) + places][kept])
        filled += np.bincount(orders[-1], minlength=n_baskets)
        open_ = open_[filled[open_] < target[open_]]
    order, item = np.concatenate(orders), np.concatenate(items)
    sorted_ = np.argsort(order, kind="stable")
    return pd.DataFrame({"order_id": order[sorted_], "product_id": item[sorted_]})


def load_retail():
    """FIMI retail: 88,162 baskets."""
    if not RETAIL_FILE.is_file():
        raise NotRunError("../shared/data/retail.dat is not there")
    rows = [line.split() for line in RETAIL_FILE.read_text().splitlines()]
    orders = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    items = np.array([item for row in rows for item in row], dtype=np.int64)
    return pd.DataFrame({"order_id": orders, "product_id": items})


def to_lists(lines):
    """The lists of items that pyfim takes."""
    items = lines["product_id"].tolist()
    order = lines["order_id"].to_numpy()
    ends = [*(np.flatnonzero(np.diff(order)) + 1).tolist(), len(items)]
    return [items[a:b] for a, b in zip([0, *ends], ends, strict=False)]


def to_one_hot(lines):
    """The sparse table that mlxtend takes."""
    order, item = (
        pd.factorize(lines["order_id"])[0],
        pd.factorize(lines["product_id"])[0],
    )
    matrix = csr_matrix((np.ones(len(order), dtype=np.uint8), (order, item)))
    matrix.data[:] = 1
    table = pd.DataFrame.sparse.from_spmatrix(matrix)
    return table.astype(pd.SparseDtype(bool, fill_value=False))


def list_ways(lines, least, with_slow=True):
    """Ways to itemsets, each a call that gives how many there are."""
    # Half a basket below, for shares are rounded.
    share = (least - 0.5) / lines["order_id"].nunique()
    lists = cache(lambda: to_lists(lines))

    def mine(n_jobs=None):
        itemsets = FrequentItemsets(least, max_itemsets=LIMIT, n_jobs=n_jobs)
        return itemsets.fit(lines).n_itemsets_

    def by_rusket():
        matrix, names = rusket.from_transactions_csr(lines, "order_id", "product_id")
        return len(rusket.mine(matrix, share, column_names=names, use_colnames=True))

    def by_pyfim(baskets):
        return len(fim.eclat(baskets, "s", -least, report="a"))

    ways = {
        "crmml": mine,
        "crmml, one thread": lambda: mine(1),
        RUSKET: by_rusket,
        PYFIM: lambda: by_pyfim(to_lists(lines)),
    }
    if with_slow:
        ways["pyfim, lists ready"] = lambda: by_pyfim(lists())
        ways[MLXTEND] = lambda: len(fpgrowth(to_one_hot(lines), share))
    return ways


def compare(report, task, lines, share, runs, *, with_slow=True):
    """Time ways to the same itemsets."""
    n_baskets = lines["order_id"].nunique()
    least = int(np.ceil(share * n_baskets))
    ways = list_ways(lines, least, with_slow=with_slow)
    report.race(
        task,
        ways,
        size=n_baskets,
        unit="baskets",
        runs=runs,
        agree=check_same,
        find=lambda n_itemsets: {"lines": len(lines), "found": n_itemsets},
    )


def check_same(ours, theirs):
    assert ours == theirs, f"{theirs:,} itemsets instead of {ours:,}"


# What the peers give; representativity, which is always 1, aside.
PEERS_MEASURES = (
    *("support", "confidence", "lift", "leverage", "conviction", "zhang", "jaccard"),
    *("certainty_factor", "kulczynski"),
)


def list_ways_to_rules(lines, least, min_confidence):
    """Ways from itemsets in hand to a table of rules, each giving how many."""
    n_baskets = lines["order_id"].nunique()
    mined = FrequentItemsets(least, max_itemsets=LIMIT).fit(lines)._mined
    itemsets = mined.itemsets

    def derive(measures, with_labels=False):
        rules = derive_rules(
            itemsets,
            n_baskets,
            min_confidence=as_fraction(min_confidence),
            min_lift=None,
            max_rules=LIMIT,
        )
        if with_labels:
            labelled = label_itemsets(itemsets, mined.items)
            return len(make_rule_table(rules, itemsets, labelled, n_baskets, measures))
        sides = (itemsets.counts[x] for x in (rules.antecedents, rules.consequents))
        return len(measure_rules(rules.counts, *sides, n_baskets, measures))

    @cache
    def mine_by_rusket(named):
        matrix, names = rusket.from_transactions_csr(lines, "order_id", "product_id")
        share = (least - 0.5) / n_baskets
        return rusket.mine(matrix, share, column_names=names, use_colnames=named)

    @cache
    def name_sets():
        table = mine_by_rusket(True)
        return table.assign(itemsets=table["itemsets"].map(frozenset))

    def by_rusket(named):
        options = {"num_itemsets": n_baskets, "min_threshold": min_confidence}
        return len(rusket.association_rules(mine_by_rusket(named), **options))

    def by_mlxtend():
        return len(association_rules(name_sets(), min_threshold=min_confidence))

    every = tuple(MEASURES)
    return {
        "crmml": lambda: derive(PEERS_MEASURES),
        "crmml, with labels": lambda: derive(PEERS_MEASURES, with_labels=True),
        f"crmml, all {len(every)} measures": lambda: derive(every),
        f"crmml, all {len(every)}, labels": lambda: derive(every, with_labels=True),
        "rusket, labels": lambda: by_rusket(True),
        "rusket, codes": lambda: by_rusket(False),
        "mlxtend, labels": by_mlxtend,
    }


def compare_rules(report, lines, least, min_confidence, runs):
    """Time tables of rules from the same itemsets."""
    report.race(
        RULES,
        list_ways_to_rules(lines, least, min_confidence),
        size=lines["order_id"].nunique(),
        unit="baskets",
        runs=runs,
        find=lambda n_rules: {"lines": len(lines), "found": n_rules},
    )


def compare_kinds(report, lines, least):
    """What closed and maximal itemsets take beyond all."""

    def mine(kind):
        itemsets = FrequentItemsets(least, kind=kind, max_itemsets=LIMIT)
        return itemsets.fit(lines).n_itemsets_

    report.race(
        f"all, closed, maximal itemsets, count {least}",
        {
            "crmml": lambda: mine("all"),
            "crmml, closed": lambda: mine("closed"),
            "crmml, maximal": lambda: mine("maximal"),
        },
        size=lines["order_id"].nunique(),
        unit="baskets",
        find=lambda n_itemsets: {"lines": len(lines), "found": n_itemsets},
    )


def mine_once(n_lines):
    """The first call of a process; what is not this call is small."""
    lines = pd.DataFrame(
        np.random.default_rng(0).integers(0, max(n_lines // 4, 200), (n_lines, 2)),
        columns=["order_id", "product_id"],
    )
    lines["product_id"] %= 170
    return FrequentItemsets(0.01).fit(lines).n_itemsets_


def run(report, n_baskets, n_with_many_items, n_wide, n_cold, runs):
    for n_lines in n_cold:
        report.race(
            "first call in a new process, after the imports",
            {"crmml": lambda n=n_lines: clock_apart(mine_once, n)},
            size=n_lines,
            unit="lines",
        )
    for n in n_baskets:
        lines = simulate(n, 10, 4, 1_000, 2_000, 0)
        compare(report, BASKETS, lines, 0.001, runs, with_slow=n <= 100_000)
    lines = simulate(100_000, 10, 4, 1_000, 2_000, 0)
    compare_rules(report, lines, 30, 0.1, runs)
    compare_kinds(report, lines, 8)
    if n_with_many_items:
        lines = simulate(n_with_many_items, 10, 4, 4_000, 8_000, 2)
        compare(report, MANY, lines, 0.001, 1, with_slow=False)
    if n_wide:
        lines = simulate(n_wide, 25, 6, 1_000, 2_000, 1)
        compare(report, WIDE, lines, 0.002, 1, with_slow=False)
    try:
        lines = load_retail()
    except NotRunError as reason:
        report.skip(RETAIL, str(reason), size=88_162, unit="baskets")
    else:
        compare(report, RETAIL, lines, 0.0005, runs, with_slow=False)


if __name__ == "__main__":
    run_alone(__file__)

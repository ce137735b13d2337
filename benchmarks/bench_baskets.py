"""Basket rules: from order lines to itemsets and rules, beside rusket, pyfim, mlxtend.

    pip install -e ".[bench]"
    python benchmarks/bench_baskets.py [retail t10 lines wide rules kinds sizes cold]

All sides start from the same two columns of order lines in memory. Peers get the form
they take fastest: rusket a pandas table for its sparse matrix, pyfim lists of lists
(making them is shown apart), mlxtend a sparse one-hot table. Counts of itemsets are
compared before anything is timed; runs are interleaved, figures are medians. Seconds of
processor time say more than wall time where a machine is shared.
"""

import platform
import subprocess
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

import fim
import numpy as np
import pandas as pd
import rusket
from mlxtend.frequent_patterns import association_rules, fpgrowth
from scipy.sparse import csr_matrix

from crmml.association import FrequentItemsets
from crmml.association._itemsets import label_itemsets
from crmml.association._measures import MEASURES, measure_rules
from crmml.association._rule_table import make_rule_table
from crmml.association._rules import derive_rules
from crmml.association._thresholds import as_fraction

RETAIL = Path(__file__).parents[1] / ".." / "shared" / "data" / "retail.dat"
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
    """FIMI retail (Brijs et al. 1999): 88,162 baskets of a Belgian supermarket."""
    rows = [line.split() for line in RETAIL.read_text().splitlines()]
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


def ways(lines, least, with_mlxtend):
    """The peers' ways, each a call that gives a number of itemsets."""
    n_baskets = lines["order_id"].nunique()
    lists = to_lists(lines)

    def ours(n_jobs=None):
        itemsets = FrequentItemsets(least, max_itemsets=LIMIT, n_jobs=n_jobs)
        return itemsets.fit(lines).n_itemsets_

    def rusket_csr():
        matrix, names = rusket.from_transactions_csr(lines, "order_id", "product_id")
        # Half a basket below, for its shares are rounded.
        share = (least - 0.5) / n_baskets
        return len(rusket.mine(matrix, share, column_names=names, use_colnames=True))

    def with_mlx():
        return len(fpgrowth(to_one_hot(lines), (least - 0.5) / n_baskets))

    found = {
        "crmml": ours,
        "crmml, one thread": lambda: ours(1),
        "rusket fpgrowth": rusket_csr,
        "pyfim eclat, from lists": lambda: len(
            fim.eclat(lists, "s", -least, report="a")
        ),
        "lists for pyfim": lambda: len(to_lists(lines)),
    }
    if with_mlxtend:
        found["mlxtend fpgrowth"] = with_mlx
    return found


def compare(title, lines, share, repeats, with_mlxtend=False):
    """Check that all find as much, then time them in turn."""
    n_baskets = lines["order_id"].nunique()
    least = int(np.ceil(share * n_baskets))
    calls = ways(lines, least, with_mlxtend)
    print(f"\n{title}: {len(lines):,} lines, {n_baskets:,} baskets, count {least:,}")
    calls["crmml"]()  # compiled once, cached on disk
    runs = {name: [] for name in calls}
    found = {}
    for _ in range(repeats):
        for name, call in calls.items():
            if runs[name] and runs[name][-1][0] > 60:
                continue  # a minute once is enough
            wall, cpu = time.perf_counter(), time.process_time()
            found[name] = call()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            runs[name].append((wall, cpu))
    medians = {name: np.median(times, axis=0) for name, times in runs.items()}
    medians["pyfim eclat, from lines"] = (
        medians["pyfim eclat, from lists"] + medians["lists for pyfim"]
    )
    found["pyfim eclat, from lines"] = found["pyfim eclat, from lists"]
    print(
        f"{'':<28}{'itemsets':>10}{'wall s':>10}{'cpu s':>10}{'x wall':>8}{'x cpu':>8}"
    )
    for name, (wall, cpu) in medians.items():
        times = f"{wall:>10.3f}{cpu:>10.3f}"
        ratio = f"{wall / medians['crmml'][0]:>8.1f}{cpu / medians['crmml'][1]:>8.1f}"
        print(f"{name:<28}{found[name]:>10,}{times}{ratio}", flush=True)
    sizes = {n for name, n in found.items() if name != "lists for pyfim"}
    print("all found the same number" if len(sizes) == 1 else f"DIFFERENT: {found}")


# What the peers give; representativity, which is always 1, aside.
PEERS_MEASURES = (
    *("support", "confidence", "lift", "leverage", "conviction", "zhang", "jaccard"),
    *("certainty_factor", "kulczynski"),
)


def ways_to_rules(lines, least, min_confidence):
    """Ways from itemsets in hand to a table of rules, each giving how many."""
    n_baskets = lines["order_id"].nunique()
    matrix, names = rusket.from_transactions_csr(lines, "order_id", "product_id")
    share = (least - 0.5) / n_baskets
    tables = {
        named: rusket.mine(matrix, share, column_names=names, use_colnames=named)
        for named in (True, False)
    }
    sets = tables[True].assign(itemsets=tables[True]["itemsets"].map(frozenset))
    mined = FrequentItemsets(least, max_itemsets=LIMIT).fit(lines)._mined
    itemsets = mined.itemsets

    def ours(measures, with_labels=False):
        rules = derive_rules(
            itemsets,
            n_baskets,
            min_confidence=as_fraction(min_confidence),
            min_lift=None,
            max_rules=LIMIT,
        )
        if with_labels:
            labelled = label_itemsets(itemsets, mined.items)
            table = make_rule_table(rules, itemsets, labelled, n_baskets, measures)
        else:
            sides = (itemsets.counts[x] for x in (rules.antecedents, rules.consequents))
            table = measure_rules(rules.counts, *sides, n_baskets, measures)
        return len(table)

    def rusket_rules(named):
        options = {"num_itemsets": n_baskets, "min_threshold": min_confidence}
        return len(rusket.association_rules(tables[named], **options))

    every = tuple(MEASURES)
    return {
        "crmml, the peers' measures": lambda: ours(PEERS_MEASURES),
        "crmml, the same, labels": lambda: ours(PEERS_MEASURES, with_labels=True),
        "crmml, all 33 measures": lambda: ours(every),
        "crmml, all 33, labels": lambda: ours(every, with_labels=True),
        "rusket, labels": lambda: rusket_rules(True),
        "rusket, codes": lambda: rusket_rules(False),
        "mlxtend, labels": lambda: len(
            association_rules(sets, min_threshold=min_confidence)
        ),
    }


def compare_rules(lines, least, min_confidence, repeats):
    """Time tables of rules from the same itemsets, in turn."""
    calls = ways_to_rules(lines, least, min_confidence)
    runs, found = {name: [] for name in calls}, {}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.process_time()
            found[name] = call()
            runs[name].append(time.process_time() - start)
    base = np.median(runs["crmml, the peers' measures"])
    print(f"\nrules, count {least}, confidence {min_confidence}; processor time")
    print(f"{'':<28}{'rules':>10}{'cpu s':>10}{'x cpu':>8}")
    for name, times in runs.items():
        cpu = np.median(times)
        print(f"{name:<28}{found[name]:>10,}{cpu:>10.3f}{cpu / base:>8.1f}", flush=True)


def compare_sizes(sizes, share):
    """Itemsets a second of processor time, against the number of baskets."""
    print(f"\nitemsets a second, baskets of 10, {share:.1%}")
    for n_baskets, repeats in sizes:
        lines = simulate(n_baskets, 10, 4, 1_000, 2_000, 0)
        calls = ways(lines, int(np.ceil(share * n_baskets)), with_mlxtend=False)
        n_found = calls["crmml"]()
        runs = {name: [] for name in calls}
        for _ in range(repeats):
            for name, call in calls.items():
                start = time.process_time()
                call()
                runs[name].append(time.process_time() - start)
        cpu = {name: np.median(times) for name, times in runs.items()}
        lists = cpu.pop("lists for pyfim")
        cpu["pyfim eclat, from lines"] = cpu["pyfim eclat, from lists"] + lists
        print(f"{n_baskets:>10,} baskets {n_found:>8,} itemsets")
        for name, seconds in cpu.items():
            print(f"    {name:<26}{n_found / seconds:>12,.0f}", flush=True)


def compare_kinds(lines, least):
    """Time and memory that closed and maximal itemsets take beyond all."""
    print(f"\nclosed and maximal, count {least}")
    for kind in ("all", "closed", "maximal"):
        start = time.process_time()
        estimator = FrequentItemsets(least, kind=kind, max_itemsets=LIMIT).fit(lines)
        n_found = estimator.n_itemsets_
        print(f"{kind:<10}{n_found:>10,}{time.process_time() - start:>8.2f} s")


COLD = """
import time, numpy as np, pandas as pd
from crmml.association import FrequentItemsets
lines = pd.DataFrame(np.random.default_rng(0).integers(0, {top}, ({n}, 2)),
                     columns=["order_id", "product_id"])
lines["product_id"] %= 170
start, cpu = time.perf_counter(), time.process_time()
found = FrequentItemsets(0.01).fit(lines).n_itemsets_
print(f"{n:>10,} lines {{found:>8,}} itemsets  wall {{time.perf_counter() - start:.3f}}"
      f"  cpu {{time.process_time() - cpu:.3f}}")
"""


def time_first_calls():
    """The first call in a new process, after the imports."""
    print("\nfirst call in a new process, after the imports")
    for n_lines in (1_000, 43_000, 1_000_000):
        program = COLD.format(n=n_lines, top=max(n_lines // 4, 200))
        subprocess.run([sys.executable, "-c", program], check=True)


def measure_memory(lines, share):
    """Most memory beyond the table while mining, by looking every 20 ms."""
    import psutil

    process = psutil.Process()
    FrequentItemsets(0.5).fit(lines.head(1_000_000))
    before = process.memory_info().rss
    most, done = [before], threading.Event()

    def watch():
        while not done.wait(0.02):
            most.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    FrequentItemsets(share).fit(lines)
    done.set()
    watcher.join()
    print(f"memory beyond the table: {(max(most) - before) / 2**30:.2f} GB")


def main():
    """Run what is named on the command line, or everything."""
    every = {"retail", "t10", "lines", "wide", "rules", "kinds", "sizes", "cold"}
    wanted = set(sys.argv[1:]) or every
    names = ("crmml", "rusket", "pyfim", "mlxtend", "numba", "numpy", "pandas")
    print(platform.processor(), *(f"{name} {version(name)}" for name in names))
    if "cold" in wanted:
        time_first_calls()
    if "retail" in wanted and RETAIL.exists():
        compare("FIMI retail", load_retail(), 0.0005, 5)
    if wanted & {"t10", "rules", "kinds"}:
        t10 = simulate(100_000, 10, 4, 1_000, 2_000, 0)
        if "t10" in wanted:
            compare("like T10I4D100K", t10, 0.001, 5, with_mlxtend=True)
        if "rules" in wanted:
            compare_rules(t10, 30, 0.1, 3)
        if "kinds" in wanted:
            compare_kinds(t10, 8)
    if "sizes" in wanted:
        compare_sizes([(10_000, 9), (100_000, 5), (1_000_000, 1)], 0.001)
    if "lines" in wanted:
        lines = simulate(1_800_000, 10, 4, 4_000, 8_000, 2)
        measure_memory(lines, 0.001)
        compare("twenty million order lines", lines, 0.001, 1)
    if "wide" in wanted:
        compare("baskets of 25", simulate(1_000_000, 25, 6, 1_000, 2_000, 1), 0.002, 1)


if __name__ == "__main__":
    main()

"""Features by featuretools with cutoff times; run by the peers' own Python.

    python apart_featuretools.py LOG.parquet RESULT.parquet '[CUTOFFS, DAYS]'

Knows nothing of crmml, and prints its seconds and versions as JSON.
"""

import json
import resource
import sys
import time

import featuretools as ft
import pandas as pd
from featuretools.primitives import Count, Max, Sum

log = pd.read_parquet(sys.argv[1])
cutoffs, days = json.loads(sys.argv[3])
cutoffs = pd.to_datetime(cutoffs)
wall, cpu = time.perf_counter(), time.process_time()
es = ft.EntitySet()
es = es.add_dataframe(log, "log", index="order_id", time_index="timestamp")
es = es.normalize_dataframe("log", "customers", "customer_id")
es.add_last_time_indexes()
first = log.groupby("customer_id")["timestamp"].min()
pairs = [(customer, at) for at in cutoffs for customer in first.index[first < at]]
times = pd.DataFrame(pairs, columns=["customer_id", "time"])
parts = []
for window in [None, *days]:
    end = "" if window is None else f"_{window}d"
    names = {"COUNT(log)": "n_orders" + end, "SUM(log.amount)": "total_spend" + end}
    if window:
        names["MAX(log.amount)"] = "max" + end
    part, _ = ft.dfs(
        entityset=es,
        target_dataframe_name="customers",
        cutoff_time=times,
        agg_primitives=[Count, Sum, Max],
        trans_primitives=[],
        max_depth=1,
        training_window=None if window is None else f"{window} days",
        include_cutoff_time=False,
        cutoff_time_in_index=True,
        n_jobs=1,
    )
    parts.append(part[list(names)].rename(columns=names))
out = pd.concat(parts, axis=1)
counted = [name for name in out.columns if not name.startswith("max")]
out[counted] = out[counted].fillna(0)
used = {
    "wall": time.perf_counter() - wall,
    "cpu": time.process_time() - cpu,
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
    "versions": {"featuretools": ft.__version__, "pandas": pd.__version__},
}
out.rename_axis(["customer_id", "cutoff"]).reset_index().to_parquet(sys.argv[2])
print(json.dumps(used))

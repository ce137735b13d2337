"""Speed, memory and quality of crmml beside its peers: ``python -m benchmarks``.

Not part of the wheel; run from a checkout with ``pip install -e ".[bench]"``.
"""

import os

# Libraries of numbers read it when they are imported: one thread for everybody, except
# where a library has threads of its own (DuckDB, numba, Polars).
os.environ.setdefault("OMP_NUM_THREADS", "1")

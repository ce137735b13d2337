"""Importing crmml costs next to nothing and changes nothing."""

import subprocess
import sys

HEAVY = ["pandas", "numpy", "sklearn", "duckdb", "pyarrow", "matplotlib", "xgboost"]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_importing_crmml_loads_nothing_heavy():
    program = "import sys, crmml; print(*sorted(sys.modules))"
    loaded = set(run("-c", program).stdout.split())
    assert "crmml" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert not [name for name in loaded if name.startswith("crmml.")]


def test_importing_crmml_takes_under_a_tenth_of_a_second():
    """The interpreter's own account of the import, the best of five."""
    costs = []
    for _ in range(5):
        lines = run("-X", "importtime", "-c", "import crmml").stderr.splitlines()
        (own,) = [line for line in lines if line.split("|")[-1].strip() == "crmml"]
        costs.append(int(own.split("|")[1]))
    assert min(costs) < 100_000, f"microseconds: {costs}"


def test_importing_every_part_changes_nothing_outside():
    """No warning filter, option, logger or random state is touched."""
    program = """
import logging, random, warnings
import numpy as np, pandas as pd, sklearn
before = (
    list(warnings.filters), logging.getLogger().handlers[:], random.getstate(),
    np.random.get_state()[1].tolist(), sklearn.get_config(),
    pd.get_option("display.max_rows"), pd.get_option("mode.copy_on_write"),
)
import crmml.tables, crmml.features, crmml.labels
after = (
    list(warnings.filters), logging.getLogger().handlers[:], random.getstate(),
    np.random.get_state()[1].tolist(), sklearn.get_config(),
    pd.get_option("display.max_rows"), pd.get_option("mode.copy_on_write"),
)
print(before == after)
"""
    assert run("-W", "default", "-c", program).stdout.strip() == "True"

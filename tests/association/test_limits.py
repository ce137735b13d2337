import signal
import subprocess
import sys
import textwrap
import time

import pytest

from crmml.association import _limits
from crmml.association._limits import available_memory, check_memory
from crmml.exceptions import LimitError


def test_what_is_not_free_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr(_limits, "available_memory", lambda: 2**30)
    check_memory(2**29)
    with pytest.raises(LimitError, match=r"about 2\.0 GB and 1\.0 GB are free"):
        check_memory(2**31)


def test_a_machine_that_does_not_tell_is_trusted(monkeypatch):
    monkeypatch.setattr(_limits, "available_memory", lambda: None)
    check_memory(2**60)


def test_free_memory_is_some_of_it():
    free = available_memory()
    assert free is None or 2**20 < free < 2**50


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
def test_an_interrupt_ends_the_search_and_its_threads():
    program = textwrap.dedent("""
        import threading
        import numpy as np
        from crmml.association import FrequentItemsets
        held = np.random.default_rng(0).random((20_000, 60)) < 0.7
        baskets = [np.flatnonzero(row).tolist() for row in held]
        print("ready", flush=True)
        try:
            FrequentItemsets(2, max_itemsets=10**9, n_jobs=2).fit(baskets)
        except KeyboardInterrupt:
            print("left", threading.active_count())
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert output == "left 1\n"
    assert process.returncode == 0

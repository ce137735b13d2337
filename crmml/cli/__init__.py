"""The command line: ``crmml demo`` and what else runs without a notebook.

Exit codes: 0 done, 2 bad input or arguments, 3 cannot read or write,
5 limit reached, 130 interrupted.
"""

from crmml.cli._main import main

__all__ = ["main"]

"""The command line: ``crmml demo`` and what else runs without a notebook.

``crmml --help`` lists the commands and the exit codes.
"""

from crmml.cli._main import main

__all__ = ["main"]

"""A console whose reader may leave before the work is done."""

import os
import sys

from rich.console import Console


class PatientConsole(Console):
    """Print to standard output, and go on silently when nobody reads any more.

    Left to itself, rich ends the program there and then, with work undone.

    Examples
    --------
    >>> PatientConsole(width=20).print("stable")
    stable
    """

    def on_broken_pipe(self) -> None:
        """Send what else is printed nowhere."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

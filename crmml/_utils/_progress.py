"""A bar for work that takes long, where somebody is watching."""

import multiprocessing
import threading
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

# Seconds before a bar appears: most work is done by then.
_PATIENCE = 3.0


class ProgressBar:
    """A bar on standard error, shown from the third second on.

    Nothing is written in a batch job (no terminal, no notebook), in another thread
    than the main one, or in a process that another one started.

    Parameters
    ----------
    title : str
        Stands left of the bar.
    total : int
        Number of steps.
    shown : bool, default=True
        Whether to show anything at all.

    Examples
    --------
    >>> with ProgressBar("Counting", total=2) as bar:
    ...     for _ in range(2):
    ...         bar.advance()
    """

    def __init__(self, title: str, total: int, *, shown: bool = True) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._bar: Progress | None = None
        self._console = Console(stderr=True) if shown and _is_watched() else None
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.stop()

    def advance(self) -> None:
        """Tell that one more step is done."""
        self._done += 1
        if self._console is None or not _seen_by(self._console):
            return
        if self._bar is None:
            if time.monotonic() - self._started < _PATIENCE:
                return
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task(self._title, total=self._total)
            self._bar.start()
        self._bar.update(self._task, completed=self._done)


def _is_watched() -> bool:
    in_main_thread = threading.current_thread() is threading.main_thread()
    return in_main_thread and multiprocessing.parent_process() is None


def _seen_by(console: Console) -> bool:
    return console.is_terminal or console.is_jupyter

"""A bar for work that takes long, where somebody is watching."""

import multiprocessing
import random
import sys
import threading
import time
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

# Seconds before a bar appears: most work is done by then.
_PATIENCE = 3.0


class ProgressBar:
    """A bar on standard error, shown from the third second on.

    Nothing is written in a batch job (no terminal, no notebook), in a notebook without
    ipywidgets, in another thread than the main one, or in a process that another one
    started.

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
        self._bar: Any = None
        self._shown = shown and _is_watched()
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
        if self._bar is None and self._shown:
            if time.monotonic() - self._started < _PATIENCE:
                return
            self._bar = _open_bar()
            self._task = self._bar.add_task(self._title, total=self._total)
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)


def _open_bar() -> Any:
    # Loading rich draws from Python's random numbers, which are the user's.
    state = random.getstate()
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
    finally:
        random.setstate(state)


def _is_watched() -> bool:
    in_main_thread = threading.current_thread() is threading.main_thread()
    is_first_process = multiprocessing.parent_process() is None
    return in_main_thread and is_first_process and _has_reader()


def _has_reader() -> bool:
    """Whether messages go to a terminal, or to a notebook that can draw a bar."""
    if "ipykernel" in sys.modules:
        # Without this package rich draws nothing there, and warns instead.
        return find_spec("ipywidgets") is not None
    return sys.stderr is not None and sys.stderr.isatty()

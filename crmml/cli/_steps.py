"""Progress of a long job: a bar on a terminal, a line a step elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)


class Steps:
    """Count the steps of a job.

    Parameters
    ----------
    progress : rich.progress.Progress
        The bar.
    total : int
        How many steps there will be.
    """

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._task = progress.add_task("starting", total=total)

    def begin(self, text: str) -> None:
        """Say what is done now; what came before counts as finished."""
        self._progress.update(self._task, description=text, completed=self._done)
        self._done += 1
        console = self._progress.console
        if not console.is_terminal:
            console.print(f"[{self._done}/{self._total}] {text}", markup=False)


@contextmanager
def show_steps(total: int) -> Iterator[Steps]:
    """Show progress on standard error for the duration of a ``with`` block."""
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not Console(stderr=True).is_terminal,
    )
    with progress:
        yield Steps(progress, total)

"""Progress of a long job: a bar on a terminal, a line a step elsewhere."""

from collections.abc import Callable, Iterator
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
    show : callable
        Takes the number of finished steps and what is done now.
    """

    def __init__(self, show: Callable[[int, str], None]) -> None:
        self._show = show
        self._done = 0

    def begin(self, text: str) -> None:
        """Say what is done now; what came before counts as finished."""
        self._show(self._done, text)
        self._done += 1


@contextmanager
def show_steps(total: int) -> Iterator[Steps]:
    """Show progress on standard error for the duration of a ``with`` block."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Steps(
            lambda done, text: console.print(
                f"[{done + 1}/{total}] {text}", markup=False
            )
        )
        return
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("starting", total=total)
        yield Steps(
            lambda done, text: progress.update(task, description=text, completed=done)
        )

"""Long work beside the event loop: a few threads, and a queue that ends."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from crmml.scoring.service._framework import HTTPException

MOST_WAITING = 32
"""Requests that may wait for a thread, or be in one."""


class Threads:
    """Runs functions in a few threads, and refuses more than can wait."""

    def __init__(self) -> None:
        n_threads = min(4, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(n_threads, "crmml-service")
        self._places = threading.BoundedSemaphore(MOST_WAITING)

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function.

        Parameters
        ----------
        function : callable
            What to run.
        *arguments : object
            What it gets.

        Returns
        -------
        object
            What it returns.

        Raises
        ------
        HTTPException
            If too many others wait already (503).
        """
        if not self._places.acquire(blocking=False):
            raise HTTPException(
                503, "Too many requests wait. Try again later.", {"Retry-After": "1"}
            )
        work = self._pool.submit(function, *arguments)
        # The place is free when the work is done, whether or not someone waits for it.
        work.add_done_callback(self._leave)
        return await asyncio.wrap_future(work)

    def _leave(self, _: Future[Any]) -> None:
        self._places.release()

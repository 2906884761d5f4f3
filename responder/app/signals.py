"""What a process is asked by signals: to stop, or to read its configuration again."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class Signals:
    """SIGINT and SIGTERM set `stop`; SIGHUP asks for a reading of the configuration."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.is_interrupted = False
        """Whether it was Ctrl-C that asked to stop."""
        self._reload = asyncio.Event()

    def listen(self) -> None:
        """From now on; a reading that is asked for before `reload_with` runs comes first then."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.stop.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    async def unless_stopped(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """What it gives; None if a stop was asked for first, and then it is cancelled and over."""
        working = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self.stop.wait())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            stopping.cancel()
            await asyncio.wait({working, stopping})
        return None if working.cancelled() else working.result()

    def _interrupt(self) -> None:
        self.is_interrupted = True
        self.stop.set()

    async def reload_with(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do this at each SIGHUP, one at a time, until cancelled.

        Work that fails has changed nothing; it is said, and done again at the next SIGHUP.
        """
        while True:
            await self._reload.wait()
            self._reload.clear()
            try:
                await work()
            except Exception:  # logged - the operator who asked for it sees why
                log.exception("configuration.not_read")

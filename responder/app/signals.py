"""What a process is asked by signals: to stop, or to read its configuration again."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)


class Signals:
    """SIGINT and SIGTERM set `stop`; SIGHUP asks for a reading of the configuration."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self._reload = asyncio.Event()

    def listen(self) -> None:
        """From now on; a reading that is asked for before `reload_with` runs comes first then."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

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

"""What a process is asked by signals: to stop, or to read its configuration again."""

import asyncio
import signal
from collections.abc import Awaitable, Callable


class Signals:
    """SIGINT and SIGTERM set `stop`; SIGHUP runs `on_reload`."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self._reloads: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop.set)

    def reload_with(self, work: Callable[[], Awaitable[None]]) -> None:
        async def reload() -> None:
            await work()

        def begin() -> None:
            task = asyncio.create_task(reload(), name="reload")
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)

        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, begin)

"""Work that is done again and again, for as long as a process runs."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from responder.adapters.system import SystemRandom
from responder.engagement.errors import ResponderError
from responder.engagement.ports import Clock

BACKOFF_MOST_SECONDS = 30.0

log = structlog.get_logger(__name__)


class Loop:
    """Calls `work` at once after `wake`, and otherwise every `seconds`.

    What `work` returns tells whether there is more: true calls it again without a pause. A failure
    is logged and tried again, ever more slowly; the work must bear being repeated.
    """

    def __init__(
        self, name: str, work: Callable[[], Awaitable[object]], *, seconds: float, clock: Clock
    ) -> None:
        self.name = name
        self._work = work
        self._seconds = seconds
        self._clock = clock
        self._random = SystemRandom()
        self._woken = asyncio.Event()
        self._failures = 0

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._woken.clear()
            pause = await self._once()
            if pause > 0:
                await self._pause(pause)
            else:
                await asyncio.sleep(0)

    async def _once(self) -> float:
        try:
            has_more = await self._work()
        except Exception as error:  # noqa: BLE001 - logged below; the next turn tries again
            self._failures += 1
            self._log(error)
            most = min(BACKOFF_MOST_SECONDS, 0.5 * 2.0 ** min(self._failures, 10))
            return self._random.uniform(most / 2, most)
        self._failures = 0
        return 0.0 if has_more else self._seconds

    def _log(self, error: Exception) -> None:
        """What has a name is said in a line; anything else is a bug and is shown whole."""
        if isinstance(error, ResponderError):
            log.warning("loop.failed", loop=self.name, why=str(error), times=self._failures)
        else:
            log.error("loop.failed", loop=self.name, times=self._failures, exc_info=error)

    async def _pause(self, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()

"""Calls that come while a transaction is under way, or just after it, share the next one.

A transaction costs about the same for one row as for fifty. Work that is done one at a time, because
each waits for something else (a model), still meets here: who comes when nothing is going on does not
wait for company, and whoever comes while the last transaction runs, or too soon after it, goes into
the next one together.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from responder.engagement.errors import Unavailable

Asked = TypeVar("Asked")
Given = TypeVar("Given")
Call: TypeAlias = tuple[Asked, asyncio.Future[Given]]


class Together(Generic[Asked, Given]):
    """Calls `work` with what waits, never twice at once.

    A caller that is cancelled gets no answer; what it asked for may still be done. An answer that
    is an exception is raised to its caller alone. When a whole call fails, each is tried by
    itself, so that one cannot fail the others; an unavailable database fails all at once.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Asked]], Awaitable[Sequence[Given | Exception]]],
        *,
        most: int,
        apart_seconds: float = 0.0,
    ) -> None:
        """`work` answers in the order asked, and changes nothing when it raises.

        Args:
            work: what is done for those that wait.
            most: so many share a call at most.
            apart_seconds: two calls begin so far apart at least.
        """
        self._work = work
        self._most = most
        self._apart_seconds = apart_seconds
        self._not_before = 0.0
        self._waiting: deque[Call[Asked, Given]] = deque()
        self._working: asyncio.Task[None] | None = None

    async def __call__(self, asked: Asked) -> Given:
        """What `work` gives for this; raises what it raises."""
        answer: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work_off())
        return await answer

    async def _work_off(self) -> None:
        while self._waiting:
            await self._keep_apart()
            count = min(self._most, len(self._waiting))
            some = [self._waiting.popleft() for _ in range(count)]
            wanted = [call for call in some if not call[1].done()]
            if wanted:
                await self._answer(wanted)

    async def _keep_apart(self) -> None:
        loop = asyncio.get_running_loop()
        early = self._not_before - loop.time()
        if early > 0:
            await asyncio.sleep(early)
        self._not_before = loop.time() + self._apart_seconds

    async def _answer(self, calls: Sequence[Call[Asked, Given]]) -> None:
        try:
            _tell(calls, await self._work([asked for asked, _ in calls]))
        except asyncio.CancelledError:
            for _, answer in calls:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - raised to those who asked
            if len(calls) == 1 or isinstance(error, Unavailable):
                _tell(calls, [error for _ in calls])
                return
            for call in calls:
                await self._answer([call])


def _tell(calls: Sequence[Call[Asked, Given]], given: Sequence[Given | Exception]) -> None:
    for (_, answer), each in zip(calls, given, strict=True):
        if answer.done():
            continue  # it gave up
        if isinstance(each, Exception):
            answer.set_exception(each)
        else:
            answer.set_result(each)

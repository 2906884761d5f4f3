"""Stores how far we are. The committed offset is only a replay hint; the inbox carries the truth.

A commit outside `on_revoke` while the group rebalances could make the rebalance start again. None is
made: between the fence that ends `on_revoke` and the next `on_assign` nothing of that is owned.

Every point is contiguous: nothing unfinished stands before it. So a commit that lands late is
harmless, and one whose fate is unknown is simply made again.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable

from responder.stream.environment import Environment
from responder.stream.lanes import Shelf
from responder.stream.log import Assignment, Fenced, Log, LogError, Unknown

NOTHING_LOST: frozenset[Assignment] = frozenset()
IDLE_COMMITS_PER_INTERVAL = 4


class Committer:
    """Commits now and then, and whenever asked to; never two commits at once."""

    def __init__(self, log: Log, environment: Environment) -> None:
        self._log = log
        self._clock = environment.clock
        self._options = environment.options
        self._observer = environment.observer
        self._one_at_a_time = asyncio.Lock()
        self._due = asyncio.Event()
        self._finished = 0

    def finished(self, records: int, *, is_idle: bool) -> None:
        """So many more are done: time to commit when that makes enough, or nothing is left."""
        self._finished += records
        if is_idle or self._finished >= self._options.commit_every:
            self._due.set()

    async def run(
        self, shelves: Callable[[], Iterable[Shelf]], lose: Callable[[Collection[Assignment]], None]
    ) -> None:
        """Commit what is dirty whenever it is time; for ever.

        Args:
            shelves: gives those that are owned at the time.
            lose: told of assignments that turn out to be somebody else's.
        """
        while True:
            await self._until_due()
            lose(await self.commit(shelves()))

    async def commit(
        self, shelves: Iterable[Shelf], *, also_clean: bool = False
    ) -> frozenset[Assignment]:
        """Commit how far these are, if that is news; gives those that are lost."""
        async with self._one_at_a_time:
            self._finished = 0
            dirty = [shelf for shelf in shelves if also_clean or shelf.window.is_dirty]
            points = {
                shelf.assignment: point
                for shelf in dirty
                if (point := shelf.window.commit_point) is not None
            }
            if not points:
                return NOTHING_LOST
            try:
                async with asyncio.timeout(self._options.commit_timeout):
                    await self._log.commit(points)
            except Fenced as fenced:
                self._observer.commit_failed("fenced")
                return fenced.assignments
            except (Unknown, TimeoutError):
                self._observer.commit_failed("unknown")
                return NOTHING_LOST
            except LogError as error:
                self._observer.commit_failed(type(error).__name__.lower())
                return NOTHING_LOST
            for shelf in dirty:
                if (point := points.get(shelf.assignment)) is not None:
                    shelf.window.committed(point)
            return NOTHING_LOST

    async def _until_due(self) -> None:
        interval = self._options.commit_interval
        try:
            async with asyncio.timeout(interval):
                await self._due.wait()
        except TimeoutError:
            return
        # A lonely record makes us idle at once; a trickle of them must not be a commit each.
        if self._finished < self._options.commit_every:
            await self._clock.sleep(interval / IDLE_COMMITS_PER_INTERVAL)
        self._due.clear()

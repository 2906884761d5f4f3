"""What this consumer owns, and how it lets go: drain first, fence second.

To fence first and drain second would throw away what is about to be finished and let the next owner
start while we still work: the same effect twice. So a revoked assignment first starts nothing new,
saves its progress, and lets running handlers end within their time; only then are the rest
cancelled and awaited, and at last the window is closed, after which nothing can move the commit
point any more.

A commit that is refused on the way means that the assignment is lost already. Then there is nothing
to save and no time to spend: what runs is cancelled at once. Late work of such a zombie is refused
three times: by the closed window, by the log, and by the inbox.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

from responder.stream.committer import Committer
from responder.stream.deadletter import TokenBucket, Tokens
from responder.stream.environment import Environment
from responder.stream.lanes import Lanes, Shelf
from responder.stream.log import Assignment, Partition
from responder.stream.window import Window
from responder.stream.workers import Workers


class Ownership:
    """The shelves of this consumer; the log's `RebalanceListener`.

    Args:
        changed: called after an assignment, when there is something new to poll.
    """

    def __init__(
        self,
        *,
        lanes: Lanes,
        workers: Workers,
        committer: Committer,
        tokens: dict[Partition, Tokens],
        environment: Environment,
        changed: Callable[[], None],
    ) -> None:
        self.shelves: dict[Assignment, Shelf] = {}
        self.has_joined = False
        self.rebalancing_since: float | None = None
        self.lost_since: float | None = None
        """Since a commit told us that something is lost, unless a rebalance has come of it."""
        self._lanes = lanes
        self._workers = workers
        self._committer = committer
        self._tokens = tokens
        self._clock = environment.clock
        self._options = environment.options
        self._observer = environment.observer
        self._changed = changed
        self._handing_over = asyncio.Lock()

    async def on_revoke(self, assignments: Collection[Assignment]) -> None:
        if self.rebalancing_since is None:
            self.rebalancing_since = self._clock.monotonic()
        await self.give_up(assignments, is_revoked=True)

    async def on_assign(self, assignments: Collection[Assignment]) -> None:
        for assignment in assignments:
            tokens = self._tokens_of(assignment.partition)
            window = Window(self._options.window_records)
            self.shelves[assignment] = Shelf(assignment, window, tokens)
        if self.rebalancing_since is not None:
            self._observer.rebalanced(self._clock.monotonic() - self.rebalancing_since)
            self.rebalancing_since = None
        self.lost_since = None
        self.has_joined = True
        self._changed()

    async def give_up(self, assignments: Iterable[Assignment], *, is_revoked: bool = False) -> None:
        """Drain, commit, then fence these; what is not ours (any more) is passed over."""
        async with self._handing_over:
            shelves = [self.shelves[a] for a in assignments if a in self.shelves]
            for shelf in shelves:
                self._lanes.drop(shelf)
            try:
                await self._drain(shelves, is_revoked=is_revoked)
            finally:  # also when the log ends our callback at its deadline
                self._workers.cut_lost(shelves)
                self._fence(shelves)

    def lose(self, assignments: Collection[Assignment]) -> None:
        """These are somebody else's already: nothing of them may go on."""
        shelves = [self.shelves[a] for a in assignments if a in self.shelves]
        if shelves and self.lost_since is None:
            self.lost_since = self._clock.monotonic()
        for shelf in shelves:
            self._lanes.drop(shelf)
        self._workers.cut_lost(shelves)
        self._fence(shelves)

    def allow(self, records: int) -> None:
        """Let every partition bury so many more."""
        for tokens in self._tokens.values():
            tokens.allow(records)

    async def _drain(self, shelves: Sequence[Shelf], *, is_revoked: bool) -> None:
        # Also without news: only a refused commit tells that they are lost already.
        lost = await self._committer.commit(shelves, also_clean=is_revoked)
        kept = [shelf for shelf in shelves if shelf.assignment not in lost]
        if kept and await self._workers.drained(kept, self._options.drain_timeout):
            self._observer.drain_timed_out(len(self._workers.busy_with(kept)))
        if self._workers.cut_lost(shelves):
            await self._workers.drained(shelves, self._options.cancel_grace)
        await self._committer.commit(kept)

    def _fence(self, shelves: Iterable[Shelf]) -> None:
        for shelf in shelves:
            shelf.window.close()
            self.shelves.pop(shelf.assignment, None)

    def _tokens_of(self, partition: Partition) -> Tokens:
        if partition not in self._tokens:
            now = self._clock.monotonic()
            options = self._options
            self._tokens[partition] = Tokens(
                TokenBucket.full(
                    options.malformed_tokens, options.malformed_refill_per_second, now
                ),
                TokenBucket.full(options.failed_tokens, 1 / options.failed_refill_seconds, now),
                finished_per_token=options.failed_refill_finished,
            )
        return self._tokens[partition]

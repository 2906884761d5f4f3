"""A member of a group: it keeps its claims, takes its fair share, and hands the rest back.

Two tasks. The *keeper* renews, and does nothing that may last; the *balancer* alone changes what
is owned and calls the listener, which may drain for many seconds while the keeper goes on.

Time decides who may work. A lease is counted by the database's clock from when it wrote it; ours is
counted from before we asked, and ends `margin` earlier. So when the database cannot be reached, a
member has stopped before another may begin, whatever the two clocks say. A process that was stopped
and wakes late finds its time over before it reads or delivers anything more.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from responder.adapters.postgres.log.claims import Claims, Share
from responder.adapters.postgres.log.session import Refusal
from responder.engagement.ports import Clock
from responder.stream.log import Assignment, LogError, RebalanceListener, Unknown, Unreachable
from responder.stream.options import Inconsistent

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTiming:
    """In seconds.

    `margin` is what a member needs to stop working once it may not go on; with the defaults there
    are two chances to renew before that.

    Raises:
        Inconsistent: a lease could run out between two renewals.
    """

    lease: float = 15.0
    renew: float = 5.0
    margin: float = 4.0
    poll_limit: float = 600.0
    """Who neither polls nor keeps alive for so long hands everything back."""
    commit: float = 5.0
    connect: float = 5.0
    stop: float = 10.0
    retry: float = 0.5
    """Between losing everything and joining again, and between attempts while the log is away."""

    def __post_init__(self) -> None:
        if self.renew + self.margin >= self.lease:
            raise Inconsistent(
                "renew + margin must be less than lease: "
                f"{self.renew} + {self.margin} is not less than {self.lease}"
            )


class Membership:
    """From `join` until `leave`.

    `positions` holds the next offset to read of every assignment that may be read; the reader moves
    it on.
    """

    def __init__(
        self,
        claims: Claims,
        *,
        topics: Collection[str],
        listener: RebalanceListener,
        clock: Clock,
        timing: LogTiming,
    ) -> None:
        self.positions: dict[Assignment, int] = {}
        self.is_out = False
        """Everything was lost, and what comes next is not known yet."""
        self._claims = claims
        self._topics = topics
        self._listener = listener
        self._clock = clock
        self._timing = timing
        self._held: set[Assignment] = set()
        self._lost: set[Assignment] = set()
        self._unannounced: dict[Assignment, int] = {}
        self._works_until = -math.inf
        self._polled_at = clock.monotonic()
        self._changed = asyncio.Event()
        self._owes_assign = True  # also the first one may bring nothing
        self._callback_error: Exception | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self) -> None:
        """Become a member. Raises what `Session.call` does; then it is none."""
        await self._claims.know(self._topics)
        await self._renew()
        self._tasks = [asyncio.create_task(self._keep()), asyncio.create_task(self._balance())]

    async def leave(self) -> None:
        """Hand everything back at once, without a word to the listener."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        held, self._held, self.positions = self._held, set(), {}
        with suppress(LogError):  # then the claims run out
            await self._claims.release(held, leave=True)

    def polled(self) -> None:
        """The member is alive.

        Raises:
            Unreachable: it cannot go on being one.
            Exception: whatever a callback of the listener has raised.
        """
        self._polled_at = self._clock.monotonic()
        if self._callback_error is not None:
            error, self._callback_error = self._callback_error, None
            raise error
        for task in self._tasks:
            if task.done() and not task.cancelled():
                raise Unreachable("the membership has ended") from task.exception()

    def may_work(self) -> bool:
        return self._clock.monotonic() < self._works_until

    def holds(self, assignment: Assignment) -> bool:
        """Owned, or just being handed back."""
        return assignment in self._held

    def lost(self, assignments: Collection[Assignment]) -> None:
        """Somebody else has them, as a commit has found out."""
        self._note_lost(set(assignments))
        self.changed()

    def changed(self) -> None:
        """The group may look different; look again."""
        self._changed.set()

    async def _keep(self) -> None:
        pause = self._timing.renew
        while True:
            await self._clock.sleep(pause)
            is_done = self._is_silent() or await self._unless_away(self._renew)
            pause = self._timing.renew if is_done else self._timing.retry
            self.changed()

    async def _renew(self) -> None:
        asked_at = self._clock.monotonic()
        mine = set(self._held)
        kept = await self._claims.renew(self._topics, mine)
        self._note_lost(mine - kept)
        self._works_until = asked_at + self._timing.lease - self._timing.margin

    def _note_lost(self, assignments: set[Assignment]) -> None:
        """Nothing more of them is delivered from here on; the balancer does the rest."""
        self._lost |= self._held & assignments
        for assignment in assignments:
            self.positions.pop(assignment, None)

    async def _balance(self) -> None:
        while True:
            if not await self._unless_away(self._turn):
                await self._clock.sleep(self._timing.retry)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):
                    await self._changed.wait()
            self._changed.clear()

    async def _unless_away(self, step: Callable[[], Awaitable[None]]) -> bool:
        """False while the log is away: claims run out by themselves. A wrong schema does not pass."""
        try:
            await step()
        except LogError as e:
            if isinstance(e, Refusal) and e.is_final:
                raise
            return False
        return True

    async def _in_time(self, answer: Awaitable[T]) -> T:
        """No longer than we may work: after that there is something more urgent to do."""
        if not self._held:
            return await answer
        try:
            async with asyncio.timeout(self._works_until - self._clock.monotonic()):
                return await answer
        except TimeoutError:
            raise Unknown("the lease ends first") from None

    def _patience(self) -> float:
        if not self._held:
            return self._timing.renew
        left = self._works_until - self._clock.monotonic()
        return max(0.0, min(self._timing.renew, left))

    async def _turn(self) -> None:
        if lost := self._no_longer_ours():
            await self._lose(lost)
        if self._is_silent():
            await self._give_back(set(self._held), leave=True)
            self._works_until = -math.inf
            return
        if not self.may_work():
            await self._renew()
        shares = await self._in_time(self._claims.shares(self._topics))
        await self._give_back(self._surplus(shares))
        await self._claim(shares)
        await self._assign()

    def _no_longer_ours(self) -> set[Assignment]:
        lost = self._lost & self._held if self.may_work() else set(self._held)
        self._lost = set()
        return lost

    async def _lose(self, lost: set[Assignment]) -> None:
        self._held -= lost
        self.is_out = not self._held
        await self._revoke(lost)
        if self.is_out:
            await self._clock.sleep(self._timing.retry)

    async def _give_back(self, surplus: set[Assignment], *, leave: bool = False) -> None:
        """What fails to be handed back is not renewed either, and runs out."""
        if not surplus:
            return
        await self._revoke(surplus)
        self._held -= surplus
        await self._in_time(self._claims.release(surplus, leave=leave))

    async def _revoke(self, assignments: set[Assignment]) -> None:
        announced = {a for a in assignments if self._unannounced.pop(a, None) is None}
        for assignment in announced:
            self.positions.pop(assignment, None)
        if announced:
            self._owes_assign = True
            await self._tell(self._listener.on_revoke, announced)

    async def _claim(self, shares: Collection[Share]) -> None:
        for share in shares:
            missing = share.quota - len(self._of(share.topic))
            if missing > 0:
                new = await self._in_time(self._claims.claim(share.topic, missing, held=self._held))
                # At once, because the next claim may fail, and these are ours all the same.
                self._held |= new.keys()
                self._unannounced |= new

    async def _assign(self) -> None:
        claimed, self._unannounced = self._unannounced, {}
        if claimed or self._owes_assign:
            self.positions |= claimed
            self._owes_assign = self.is_out = False
            await self._tell(self._listener.on_assign, claimed.keys())

    def _surplus(self, shares: Collection[Share]) -> set[Assignment]:
        return {
            assignment
            for share in shares
            for assignment in sorted(self._of(share.topic), key=_number)[share.quota :]
        }

    def _of(self, topic: str) -> list[Assignment]:
        return [a for a in self._held if a.partition.topic == topic]

    def _is_silent(self) -> bool:
        return self._clock.monotonic() - self._polled_at > self._timing.poll_limit

    async def _tell(
        self,
        callback: Callable[[Collection[Assignment]], Awaitable[None]],
        assignments: Collection[Assignment],
    ) -> None:
        try:
            await callback(frozenset(assignments))
        except Exception as error:  # noqa: BLE001 - comes out of the next `poll`
            self._callback_error = error


def _number(assignment: Assignment) -> int:
    return assignment.partition.number

"""What a person may decide about an engagement."""

from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from responder.engagement.ports import Clock, Ids
from responder.review import decisions
from responder.review.commands import (
    Approve,
    Command,
    Dismiss,
    FoundThere,
    LetClockGoOn,
    PostedByPerson,
    Reopen,
    SendAgain,
    StopClock,
    Undo,
)
from responder.review.decisions import (
    AnyCommand,
)
from responder.review.ports import (
    Decision,
    Locked,
    ReviewWork,
)

CommandT_contra = TypeVar("CommandT_contra", bound=Command, contravariant=True)


class Decide(Protocol[CommandT_contra]):
    """One of the pure decisions."""

    def __call__(
        self, locked: Locked, command: CommandT_contra, /, *, now: datetime
    ) -> Decision: ...


class Review:
    """Loads and locks, decides by pure functions, records everything in one transaction.

    Every call raises NotFound, StaleApproval (the thread moved), AlreadyDecided, TextUnusable, ReasonUnusable or
    IllegalTransition, and then nothing was changed. A repeated idempotency key does nothing, and
    raises UsedBefore once what it did was taken back or stopped.
    """

    def __init__(self, *, work: ReviewWork, clock: Clock, ids: Ids) -> None:
        self._work = work
        self._clock = clock
        self._ids = ids

    async def approve(self, command: Approve) -> None:
        """Bind an approval to the exact text and to the thread as it was shown; hold it."""
        decide = partial(decisions.approve, decision_id=self._ids.uuid())
        await self._decide(command, decide)

    async def dismiss(self, command: Dismiss) -> None:
        """Close without reply, for a reason; held like a reply, and open until released."""
        decide = partial(decisions.dismiss, decision_id=self._ids.uuid())
        await self._decide(command, decide)

    async def undo(self, command: Undo) -> None:
        """Take a held decision back. Raises TooLateToUndo, or DecidedSince."""
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            decision = decisions.undo(locked, command, now=self._clock.now())
            if decision is not None:
                await tx.record(decision)

    async def posted_by_person(self, command: PostedByPerson) -> None:
        """End as answered on the person's word and link."""
        await self._decide(command, decisions.posted_by_person)

    async def found_there(self, command: FoundThere) -> None:
        """Settle an unknown delivery: it stands there."""
        await self._decide(command, decisions.found_there)

    async def send_again(self, command: SendAgain) -> None:
        """Settle an unknown delivery: it is not there, post it once more. Raises TriedSince too."""
        await self._decide(command, decisions.send_again)

    async def reopen(self, command: Reopen) -> None:
        """Open again what ended, or what was refused by the platform."""
        await self._decide(command, decisions.reopen)

    async def stop_clock(self, command: StopClock) -> None:
        """Let the time not count for a while. Raises ClockRefuses too."""
        await self._decide(command, decisions.stop_clock)

    async def let_clock_go_on(self, command: LetClockGoOn) -> None:
        """Let it count again. Raises ClockRefuses too."""
        await self._decide(command, decisions.let_clock_go_on)

    async def _decide(self, command: AnyCommand, decision: "Decide[AnyCommand]") -> None:
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            decide = partial(decision, now=self._clock.now())
            if await tx.seen(command.scoped_key):
                decisions.check_repeat(locked, command, decide)
            else:
                await tx.record(decide(locked, command))

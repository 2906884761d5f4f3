"""What a person may decide about an engagement."""

from responder.engagement.ports import Clock, Ids
from responder.review import decisions
from responder.review.ports import (
    Approve,
    Dismiss,
    FoundThere,
    PostedByPerson,
    Reopen,
    ReviewWork,
    SendAgain,
    Undo,
)


class Review:
    """Loads and locks, decides by pure functions, records everything in one transaction.

    Every call raises NotFound, StaleApproval (the thread moved), AlreadyDecided, TextUnusable or
    IllegalTransition, and then nothing was changed. A repeated idempotency key does nothing.
    """

    def __init__(self, *, work: ReviewWork, clock: Clock, ids: Ids) -> None:
        self._work = work
        self._clock = clock
        self._ids = ids

    async def approve(self, command: Approve) -> None:
        """Bind an approval to the exact text and to the thread as it was shown; hold it."""
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            if not await tx.seen(command.key):
                now = self._clock.now()
                decision = decisions.approve(locked, command, now=now, decision_id=self._ids.uuid())
                await tx.record(decision)

    async def dismiss(self, command: Dismiss) -> None:
        """Close without reply, for a reason; held like a reply, and open until released."""
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            if not await tx.seen(command.key):
                now = self._clock.now()
                decision = decisions.dismiss(locked, command, now=now, decision_id=self._ids.uuid())
                await tx.record(decision)

    async def undo(self, command: Undo) -> None:
        """Take a held decision back. Raises TooLateToUndo when it is on its way."""
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            await tx.record(decisions.undo(locked, command, now=self._clock.now()))

    async def posted_by_person(self, command: PostedByPerson) -> None:
        """End as answered on the person's word and link."""
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            if not await tx.seen(command.key):
                await tx.record(decisions.posted_by_person(locked, command, now=self._clock.now()))

    async def found_there(self, command: FoundThere) -> None:
        """Settle an unknown delivery: it stands there."""
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            if not await tx.seen(command.key):
                await tx.record(decisions.found_there(locked, command, now=self._clock.now()))

    async def send_again(self, command: SendAgain) -> None:
        """Settle an unknown delivery: it is not there, post it once more."""
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            if not await tx.seen(command.key):
                await tx.record(decisions.send_again(locked, command, now=self._clock.now()))

    async def reopen(self, command: Reopen) -> None:
        """Open again what ended, or what was refused by the platform."""
        async with self._work.begin() as tx:
            locked = await tx.lock(command.engagement_id)
            if not await tx.seen(command.key):
                await tx.record(decisions.reopen(locked, command, now=self._clock.now()))

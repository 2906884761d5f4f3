"""What can wait gives way to what cannot, and what is only late is not taken for lost.

After an outage drafting and triage want the same processors and the same database. A comment without
a draft can be answered; one that is not triaged is seen by nobody. So triage says when it is far
behind, and drafting then works on one comment at a time; the audit waits for what it has not come to.
"""

from typing import Protocol
from uuid import UUID

from responder.adapters.postgres.delays import StageDelays
from responder.stream.runner import Health

TOLD_SECONDS = 15.0
"""Half as long as an id may be on its way before the audit misses it: what a stage has not come to
is not lost."""
LONG_SECONDS = 60.0
"""Longer than a busy minute takes to work off: then drafts should come as they can."""


class Consumes(Protocol):
    """`stream.supervisor.Supervisor`, as far as it is needed here."""

    def health(self) -> Health | None: ...


class OwnDelay:
    """Tells the others while a stage is far behind."""

    def __init__(
        self, stage: str, consumer: Consumes, delays: StageDelays, *, member: UUID
    ) -> None:
        self._stage = stage
        self._consumer = consumer
        self._delays = delays
        self._member = member

    async def tell(self) -> None:
        """To be called more often than a word holds. Raises Unavailable."""
        health = self._consumer.health()
        if health is not None and health.delay >= TOLD_SECONDS:
            await self._delays.tell(self._stage, self._member, health.delay)


class OthersDelay:
    """Knows whether a stage, in whatever process, is far behind."""

    def __init__(self, stage: str, delays: StageDelays) -> None:
        self._stage = stage
        self._delays = delays
        self.is_long = False

    async def look(self) -> None:
        """Raises Unavailable; then what was known stays."""
        self.is_long = await self._delays.of(self._stage) >= LONG_SECONDS

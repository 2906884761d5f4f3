"""What outlives every process: the ledger, the log, the place where replies stand, the senders."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import override

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.system import SystemClock
from responder.delivery.ports import Capabilities
from responder.engagement.events import (
    TOPICS,
    EngagementReceived,
    EngagementTriaged,
    Event,
    ReplyApproved,
)
from responder.engagement.workspace import Workspace
from responder.testing.factories import comment, event, workspace
from responder.testing.log import MemoryServer
from responder.testing.place import Behaviour, Place

GROUPS = {
    "triage": EngagementReceived.topic,
    "drafting": EngagementTriaged.topic,
    "delivery": ReplyApproved.topic,
    "audit": EngagementReceived.topic,
}
"""Who reads what."""
PUSHES_REST_SECONDS = 60.0
"""After a log that did not answer, pushes are refused for so long."""

_LEFT = text("""
    SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL)
         + (SELECT count(*) FROM decision WHERE status = 'held')
         + (SELECT count(*) FROM delivery_job WHERE next_at IS NOT NULL)
         + (SELECT count(*) FROM engagement WHERE ended_at IS NULL)
         + (SELECT count(*) FROM audit_entry)
    """)
_WAITING = text("""
    SELECT (SELECT min(next_at) FROM delivery_job) AS next_at,
      extract(epoch FROM GREATEST(
        (SELECT max(leased_until) FROM delivery_job),
        (SELECT max(lease_until) FROM inbox WHERE state = 'claimed')) - now()) AS leased
    """)


class ShiftedClock(SystemClock):
    """Real time, and what a run has skipped because nothing was to be done until then."""

    def __init__(self) -> None:
        self._ahead = 0.0

    @override
    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._ahead)

    @override
    def monotonic(self) -> float:
        return super().monotonic() + self._ahead

    def skip(self, seconds: float) -> None:
        self._ahead += max(0.0, seconds)


@dataclass(slots=True)
class World:
    """Everything durable of one run.

    Nothing in here is lost with a process; `engine` is the run's own way to the ledger, past any
    wire.
    """

    database: Dsn
    engine: AsyncEngine
    place: Place
    clock: ShiftedClock
    log: MemoryServer
    workspace: Workspace = field(default_factory=workspace)
    to_push: list[Event] = field(default_factory=list)
    """What its sender pushes again and again, until it is acknowledged."""
    acknowledged: list[str] = field(default_factory=list)
    """The ids of comments that were taken in."""
    _comments: int = 0

    @classmethod
    def made(cls, database: Dsn, engine: AsyncEngine, capabilities: Capabilities) -> "World":
        """With nothing in ledger, log and place."""
        clock = ShiftedClock()
        log = MemoryServer(clock)
        for topic in TOPICS:
            log.create(topic, 1)
        return cls(database, engine, Place(clock, capabilities), clock, log)

    def comes(self, behaviours: Iterable[Behaviour] = ()) -> str:
        """Somebody comments, in a thread of its own; gives the comment's id.

        Args:
            behaviours: of the place, in its next calls.
        """
        self._comments += 1
        said = comment(f"c{self._comments}", published_at=self.clock.now())
        self.to_push.append(event(said))
        self.place.script.clear()
        self.place.will(behaviours)
        return said.comment_id

    def acknowledge(self, pushed: Event) -> None:
        """Its sender has heard that it is stored."""
        self.to_push.remove(pushed)
        self.acknowledged.append(getattr(pushed.data, "comment_id", ""))

    def is_drained(self, group: str) -> bool:
        """Whether the group has finished and committed all that is there for it."""
        partitions = self.log.partitions([GROUPS[group]])
        return all(
            (self.log.committed(group, each) or 0) == len(self.log.records[each])
            for each in partitions
        )

    async def is_at_rest(self) -> bool:
        """Whether nothing is left that any stage, or the person, would do."""
        if self.to_push or not all(map(self.is_drained, GROUPS)):
            return False
        async with self.engine.connect() as connection:
            left = await connection.execute(_LEFT)
            return bool(left.scalar_one() == 0)

    async def time_passes(self) -> None:
        """Until the leases of the dead have run out, and until something is to be done again."""
        async with self.engine.connect() as connection:
            row = (await connection.execute(_WAITING)).one()
        await self.clock.sleep(max(0.0, float(row.leased or 0.0)))
        if self.to_push:
            self.clock.skip(PUSHES_REST_SECONDS)
        if row.next_at is not None:
            self.clock.skip((row.next_at - self.clock.now()).total_seconds())

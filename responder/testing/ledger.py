"""A migrated ledger with the real services on it, and a clock that the test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.models.language import Py3LangidDetector
from responder.adapters.postgres.audit import PostgresAuditor, Sealer
from responder.adapters.postgres.clock_steps import ClockSteps
from responder.adapters.postgres.dead_letters import PostgresDeadLetterDesk
from responder.adapters.postgres.deliveries import PostgresDeliveryWork
from responder.adapters.postgres.desk import PostgresDesk
from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine
from responder.adapters.postgres.migrate import migrate
from responder.adapters.postgres.misses import Misses
from responder.adapters.postgres.relay import Releases
from responder.adapters.postgres.review import PostgresReviewWork
from responder.adapters.postgres.triage import PostgresTriageWork
from responder.adapters.system import SystemIds, SystemRandom
from responder.delivery.ports import AttemptOutcome
from responder.delivery.service import Delivery
from responder.engagement.events import EngagementReceived
from responder.engagement.lifecycle import State
from responder.engagement.model import DismissalReason, EngagementId, PersonId
from responder.engagement.workspace import Workspace
from responder.review.commands import (
    Approve,
    Dismiss,
    FoundThere,
    Reopen,
    SendAgain,
    Undo,
)
from responder.review.ports import Item, QueueFilter
from responder.review.service import Review
from responder.testing.factories import NOON, PLACE, arrival, workspace
from responder.testing.place import Place
from responder.triage.rules import RuleClassifier
from responder.triage.service import Triage

ANA = PersonId(UUID(int=1))
UNDO_SECONDS = 10


@dataclass(slots=True)
class MovedClock:
    """Stands still until a test moves it."""

    time: datetime = NOON
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass(slots=True)
class Seen:
    """What delivery told its observer."""

    attempts: list[AttemptOutcome] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    duplicates: int = 0

    def attempted(self, _platform: str, outcome: AttemptOutcome) -> None:
        self.attempts.append(outcome)

    def looked(self, _platform: str, finding: str) -> None:
        self.findings.append(finding)

    def duplicate_found(self, _platform: str, _engagement: EngagementId) -> None:
        self.duplicates += 1


class _Shown(TypedDict):
    engagement_id: EngagementId
    actor: PersonId
    key: str
    context: str


@dataclass(slots=True)
class Bench:
    """The stages on one ledger, stepped by hand: nothing happens unless a test says so."""

    engine: AsyncEngine
    clock: MovedClock
    place: Place
    seen: Seen
    triage: Triage
    review: Review
    desk: PostgresDesk
    delivery: Delivery
    delivery_work: PostgresDeliveryWork
    releases: Releases
    misses: Misses
    steps: ClockSteps
    dead_letters: PostgresDeadLetterDesk
    sealer: Sealer
    auditor: PostgresAuditor
    configuration: Workspace

    async def arrives(self, *comments: EngagementReceived) -> None:
        """The log brings these, in one batch."""
        await self.triage.take([arrival(each) for each in comments])

    async def item(self, comment_id: str = "c1") -> Item:
        return await self.desk.item(await self.id_of(comment_id))

    async def id_of(self, comment_id: str) -> EngagementId:
        async with self.engine.connect() as connection:
            found = await connection.execute(
                text("SELECT id FROM engagement WHERE comment_id = :id"), {"id": comment_id}
            )
            return EngagementId(found.scalar_one())

    async def approve(self, comment_id: str = "c1", reply: str = "Yes, it does.") -> None:
        """Ana sends this reply to what she sees now."""
        shown = await self._shown(comment_id)
        await self.review.approve(Approve(**shown, text=reply, undo_seconds=UNDO_SECONDS))

    async def dismiss(self, comment_id: str = "c1") -> None:
        shown = await self._shown(comment_id)
        reason = DismissalReason.OFF_TOPIC
        await self.review.dismiss(Dismiss(**shown, reason=reason, undo_seconds=UNDO_SECONDS))

    async def undo(self, comment_id: str = "c1") -> None:
        engagement_id = await self.id_of(comment_id)
        await self.review.undo(Undo(engagement_id=engagement_id, actor=ANA))

    async def reopen(self) -> None:
        await self.review.reopen(Reopen(**await self._shown("c1")))

    async def send_again(self) -> None:
        await self.review.send_again(SendAgain(**await self._shown("c1")))

    async def found_there(self, url: str = "https://place.example/reply-1") -> None:
        await self.review.found_there(FoundThere(**await self._shown("c1"), url=url))

    async def _shown(self, comment_id: str) -> _Shown:
        """What every form on the comment's page carries."""
        item = await self.item(comment_id)
        return {
            "engagement_id": item.row.engagement_id,
            "actor": ANA,
            "key": self.key(),
            "context": item.context,
        }

    async def release(self) -> None:
        """The undo time passes, and what was held goes on."""
        self.clock.forward(UNDO_SECONDS + 1)
        await self.releases.release_due(at=self.clock.now())

    async def deliver(self, *, within_seconds: float = 3600.0) -> None:
        """Every delivery step that becomes due in this time is taken, in its order."""
        end = self.clock.now() + timedelta(seconds=within_seconds)
        while (due := await self._next_step_at()) is not None and due <= end:
            self.clock.forward(max(0.0, (due - self.clock.now()).total_seconds()))
            if not await self.delivery.run():
                raise AssertionError("a delivery is due and nobody may take it")

    async def _next_step_at(self) -> datetime | None:
        async with self.engine.connect() as connection:
            found = await connection.execute(text("SELECT min(next_at) FROM delivery_job"))
            due: datetime | None = found.scalar_one()
            return due

    async def audited(self) -> None:
        """Nothing is missing, and the chain holds."""
        while await self.sealer.seal():
            pass
        findings = await self.auditor.audit()
        if not findings.holds:
            raise AssertionError(findings)
        balance = await self.desk.balance()
        if balance.unaccounted:
            raise AssertionError(balance)

    async def states(self) -> dict[str, State]:
        async with self.engine.connect() as connection:
            found = await connection.execute(text("SELECT comment_id, state FROM engagement"))
            return {row.comment_id: State(row.state) for row in found}

    async def queue(self, state: str = "open") -> list[str]:
        page = await self.desk.queue(QueueFilter(state=state))
        return [(await self.desk.item(row.engagement_id)).comment.comment_id for row in page.rows]

    def key(self) -> str:
        return self._ids.uuid().hex

    _ids: SystemIds = field(default_factory=lambda: SystemIds(MovedClock()))


async def migrated(database: Dsn) -> None:
    """Bring an empty database to the present schema."""
    engine = make_engine(database.url())
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


DETECTOR = Py3LangidDetector(workspace().languages)


@asynccontextmanager
async def open_bench(database: Dsn, configuration: Workspace | None = None) -> AsyncIterator[Bench]:
    """Put the services on a migrated database, with the real rule classifier."""
    engine = make_engine(database.url())
    clock = MovedClock()
    place, seen, ids = Place(clock), Seen(), SystemIds(clock)
    config = configuration or workspace()
    desk = PostgresDesk(
        engine,
        workspace=lambda: config,
        capabilities=lambda: dict.fromkeys(config.sources, place.capabilities),
    )
    delivery_work = PostgresDeliveryWork(engine)
    try:
        yield Bench(
            engine=engine,
            clock=clock,
            place=place,
            seen=seen,
            triage=Triage(
                workspace=lambda: config,
                classifier=RuleClassifier(detector=DETECTOR, spam_keywords=config.spam_keywords),
                work=PostgresTriageWork(engine),
                clock=clock,
                ids=ids,
            ),
            review=Review(
                work=PostgresReviewWork(engine, desk, workspace=lambda: config),
                clock=clock,
                ids=ids,
            ),
            desk=desk,
            delivery=Delivery(
                work=delivery_work,
                platforms={PLACE.id: place},
                kinds={PLACE.id: PLACE.platform},
                clock=clock,
                random=SystemRandom(seed=1),
                observer=seen,
            ),
            delivery_work=delivery_work,
            releases=Releases(engine),
            misses=Misses(engine),
            steps=ClockSteps(engine),
            dead_letters=PostgresDeadLetterDesk(engine, read_again=lambda *_: ()),
            sealer=Sealer(engine),
            auditor=PostgresAuditor(engine, settling_seconds=0),
            configuration=config,
        )
    finally:
        await engine.dispose()

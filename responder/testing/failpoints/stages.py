"""The real stages on the ledger, put together as `responder.app.roles` does, over gated ports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncEngine
from typing_extensions import override

from responder.adapters.postgres.audit import ReceivedIds
from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.deliveries import PostgresDeliveryWork
from responder.adapters.postgres.drafts import PostgresDraftingLedger
from responder.adapters.postgres.relay import OutboxRelay
from responder.adapters.postgres.triage import PostgresTriageWork
from responder.adapters.system import SystemIds, SystemRandom
from responder.app.consumers import (
    DeliveryConsumer,
    DraftingConsumer,
    ReceivedIdsConsumer,
    SettlingConsumer,
    TriageConsumer,
)
from responder.delivery.ports import DeliveryWork, Job, ReplyPlatform
from responder.delivery.service import Delivery
from responder.drafting.ports import DraftingLedger, DraftWriter
from responder.drafting.service import Drafting
from responder.drafting.template import TemplateDraftWriter
from responder.engagement.model import ReplyId
from responder.stream.handler import Batch, BatchHandler, Handler, One, RecordHandler
from responder.stream.log import LogWriter
from responder.testing.factories import PLACE
from responder.testing.failpoints.points import Points
from responder.testing.failpoints.ports import (
    GatedDraftWriter,
    GatedLog,
    GatedLogWriter,
    GatedPlatform,
)
from responder.testing.failpoints.world import World
from responder.testing.ledger import DETECTOR, Seen
from responder.triage.rules import RuleClassifier
from responder.triage.service import Triage

LEASE_SECONDS = 1.0


@dataclass(slots=True)
class Ports:
    """What the stages stand on. A planted bug puts something else here."""

    log: Callable[[], GatedLog]
    writer: LogWriter
    drafting: DraftingLedger
    drafts: DraftWriter
    delivery: DeliveryWork
    platform: ReplyPlatform
    relay: type[OutboxRelay] = OutboxRelay


Plant: TypeAlias = Callable[[Ports], None]


def nothing_planted(_: Ports) -> None:
    """All is as it should be."""


def gated(world: World, engine: AsyncEngine, points: Points) -> Ports:
    """The real ones, each of whose calls passes the points; leases last a second."""
    ledger = PostgresDraftingLedger(
        engine,
        workspace=lambda: world.workspace,
        capabilities=lambda: {PLACE.id: world.place.capabilities},
        lease_seconds=LEASE_SECONDS,
    )
    writer = TemplateDraftWriter(
        knowledge=world.workspace.knowledge, voice=world.workspace.voice, detector=DETECTOR
    )
    return Ports(
        log=lambda: GatedLog(world.log.consumer(), points),
        writer=GatedLogWriter(world.log.writer(), points),
        drafting=points.named("drafting", ledger),
        drafts=GatedDraftWriter(writer, points),
        delivery=points.named("delivery", _SoonFree(engine)),
        platform=GatedPlatform(world.place, points),
    )


def delivery_stage(world: World, ports: Ports) -> Delivery:
    return Delivery(
        work=ports.delivery,
        platforms={PLACE.id: ports.platform},
        kinds={PLACE.id: PLACE.platform},
        clock=world.clock,
        random=SystemRandom(seed=1),
        observer=Seen(),
    )


def handlers(
    world: World, engine: AsyncEngine, ports: Ports, delivery: Delivery
) -> Mapping[str, Handler]:
    """What each group does with a record."""
    triage = Triage(
        workspace=lambda: world.workspace,
        classifier=RuleClassifier(detector=DETECTOR, spam_keywords=()),
        work=PostgresTriageWork(engine),
        clock=world.clock,
        ids=SystemIds(world.clock),
    )
    drafting = Drafting(ledger=ports.drafting, writer=ports.drafts, clock=world.clock)
    letters = DeadLetterRows(engine)
    return {
        "triage": _batch(TriageConsumer(triage, delivery).handle),
        "drafting": _one(DraftingConsumer(drafting).handle, letters),
        "delivery": _one(DeliveryConsumer(delivery).handle, letters),
        "audit": _batch(ReceivedIdsConsumer(ReceivedIds(engine)).handle),
    }


class _SoonFree(PostgresDeliveryWork):
    @override
    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        shorter = min(lease_seconds, LEASE_SECONDS)
        return await super().claim(reply_id, at=at, lease_seconds=shorter)


def _batch(handle: BatchHandler) -> Handler:
    return Batch(handle, linger_seconds=0.001, order="key")


def _one(handle: RecordHandler, letters: DeadLetterRows) -> Handler:
    return One(SettlingConsumer(handle, letters).handle)

"""What each role puts into a process: one readable function a role, plugged by hand.

Roles meet only through the log and the ledger; so any of them may run in one process or in many.
"""

from collections.abc import Callable, Mapping
from functools import partial

from aiohttp import web

from responder.access.service import Access
from responder.adapters.log_sink import LogSink
from responder.adapters.postgres.audit import BATCH as SEAL_BATCH
from responder.adapters.postgres.audit import ReceivedIds, Sealer
from responder.adapters.postgres.clock_steps import ClockSteps
from responder.adapters.postgres.dead_letters import DeadLetterRows, PostgresDeadLetterDesk
from responder.adapters.postgres.delays import StageDelays
from responder.adapters.postgres.drafts import PostgresDraftingLedger
from responder.adapters.postgres.figures import PostgresFigures
from responder.adapters.postgres.live_audit import LiveAudit
from responder.adapters.postgres.messages import PostgresMessages
from responder.adapters.postgres.misses import Misses
from responder.adapters.postgres.people import PostgresPeople
from responder.adapters.postgres.proof import PostgresProof
from responder.adapters.postgres.relay import OutboxRelay, Releases
from responder.adapters.postgres.response_times import PostgresResponseTimes
from responder.adapters.postgres.retention import Retention
from responder.adapters.postgres.review import PostgresReviewWork
from responder.adapters.postgres.sources import (
    PostgresCursors,
    PostgresReceipts,
    RefusalRows,
)
from responder.adapters.postgres.tally import TallyRows
from responder.adapters.postgres.triage import PostgresTriageWork
from responder.app.allowances import Allowances
from responder.app.consumers import (
    DeadLettersConsumer,
    DeadLetterTopic,
    DeliveryConsumer,
    DraftingConsumer,
    EntryConsumer,
    ReceivedIdsConsumer,
    SettlingConsumer,
    TriageConsumer,
)
from responder.app.delays import OthersDelay, OwnDelay
from responder.app.loops import Loop
from responder.app.parts import Parts
from responder.app.process import Process
from responder.app.reading import SourceReader
from responder.app.refusals import RefusalQueue
from responder.drafting.service import Drafting
from responder.engagement.events import (
    DEAD_LETTER_TOPIC,
    EngagementReceived,
    EngagementTriaged,
    ReplyApproved,
)
from responder.engagement.model import PersonId
from responder.intake.rate import Rate
from responder.intake.service import Intake
from responder.reconcile.enter import Enter
from responder.reconcile.service import Reconcile
from responder.review.service import Review
from responder.sla.telling import Telling
from responder.stream.environment import Environment, Subscription
from responder.stream.handler import Batch, Handler, One, RecordHandler
from responder.stream.limit import Aimd, Limit, Yielding
from responder.stream.supervisor import Supervisor
from responder.telemetry.ledger import LedgerCollector, LedgerSampler
from responder.telemetry.observers import AuditMetrics, GatewayMetrics, StreamMetrics
from responder.triage.service import Triage
from responder.web.gateway.handler import Gateway
from responder.web.gateway.receipts import ReceiptPages

BATCH = 200
DELAY_SECONDS = 1.0
DELIVERY_WORKERS = 4
TELLERS = 4
"""So that a few webhooks that do not answer keep no other one waiting."""
SEAL_SECONDS = 0.5
FOLD_SECONDS = 1.0
LOOK_SECONDS = 5.0
RECOUNT_SECONDS = 30.0
RELAY_SECONDS = 1.0
CLOCK_SECONDS = 1.0
RELEASE_SECONDS = 0.5
DELIVERY_SECONDS = 1.0
RETENTION_SECONDS = 3600.0
RECONCILE_SECONDS = 1.0
UNHURRIED_SECONDS = 0.2
TRIAGE = "triage"


def consume(
    parts: Parts,
    process: Process,
    *,
    group: str,
    topic: str,
    handler: Handler,
    limit: Limit | None = None,
    handler_timeout: float | None = None,
    is_hurried: bool = True,
) -> Supervisor:
    """Add one consumer group's member; nobody waits for what one without hurry does."""
    writer = parts.logs.writer()
    process.close_last(writer.stop)
    supervisor = Supervisor(
        make_log=partial(parts.logs.consumer, is_hurried=is_hurried),
        subscription=Subscription(
            topics=[topic],
            group=group,
            handler=handler,
            dead_letters=DeadLetterTopic(writer, DeadLetterRows(parts.engine)),
        ),
        environment=Environment(
            clock=parts.clock,
            random=parts.random,
            options=parts.stream_options(handler_timeout=handler_timeout),
            observer=StreamMetrics(parts.metrics, group),
        ),
        limit=limit,
    )
    process.consume(group, supervisor)
    return supervisor


def _settling(parts: Parts, handle: RecordHandler) -> Handler:
    return One(SettlingConsumer(handle, DeadLetterRows(parts.engine)).handle)


def triage(parts: Parts, process: Process) -> None:
    # Here, because the lexicons and the language model take half a second that others do not need.
    from responder.app.understanding import CurrentClassifier  # noqa: PLC0415

    stage = Triage(
        workspace=parts.workspace,
        classifier=CurrentClassifier(parts.workspace),
        work=PostgresTriageWork(parts.engine),
        clock=parts.clock,
        ids=parts.ids,
    )
    handle = TriageConsumer(stage, parts.delivery()).handle
    handler = Batch(handle, size=BATCH, linger_seconds=0.1, order="key")
    consumer = consume(
        parts, process, group="triage", topic=EngagementReceived.topic, handler=handler
    )
    delay = OwnDelay(TRIAGE, consumer, StageDelays(parts.engine), member=parts.ids.uuid())
    process.repeat(Loop("delay", delay.tell, seconds=DELAY_SECONDS, clock=parts.clock))


def drafting(parts: Parts, process: Process) -> None:
    # Here, because the model's client takes a second to import, in every process otherwise.
    from responder.app.writers import draft_writer  # noqa: PLC0415

    settings = parts.settings.drafting
    inbox = parts.settings.inbox
    ledger = PostgresDraftingLedger(
        parts.engine,
        workspace=parts.workspace,
        capabilities=parts.places.capabilities,
        lease_seconds=inbox.lease,
    )
    process.repeat(Loop("leases", ledger.renew, seconds=inbox.renew, clock=parts.clock))
    writer, close = draft_writer(parts)
    process.close_last(close)
    stage = Drafting(ledger=ledger, writer=writer, clock=parts.clock)
    urgent = OthersDelay(TRIAGE, StageDelays(parts.engine))
    process.repeat(Loop("delay", urgent.look, seconds=DELAY_SECONDS, clock=parts.clock))
    consume(
        parts,
        process,
        group="drafting",
        topic=EngagementTriaged.topic,
        handler=_settling(parts, DraftingConsumer(stage).handle),
        limit=Yielding(
            Aimd(settings.concurrency_min, settings.concurrency_max), lambda: urgent.is_long
        ),
        handler_timeout=settings.handler_timeout,
    )


def delivery(parts: Parts, process: Process) -> None:
    stage = parts.delivery()
    consumer = DeliveryConsumer(stage)
    consume(
        parts,
        process,
        group="delivery",
        topic=ReplyApproved.topic,
        handler=_settling(parts, consumer.handle),
        handler_timeout=60.0,
    )
    for number in range(DELIVERY_WORKERS):
        process.repeat(
            Loop(f"delivery {number}", stage.run, seconds=DELIVERY_SECONDS, clock=parts.clock)
        )


def relay(parts: Parts, process: Process) -> None:
    writer = parts.logs.writer()
    process.close_last(writer.stop)
    releases = Releases(parts.engine)
    letters = DeadLetterRows(parts.engine)
    sender = OutboxRelay(parts.database_url, writer, letters, clock=parts.clock)
    process.close_last(sender.close)
    outbox = Loop("outbox", sender.round, seconds=RELAY_SECONDS, clock=parts.clock)
    sender.wake = process.repeat(outbox).wake

    async def release() -> int:
        return await releases.release_due(at=parts.clock.now())

    process.repeat(Loop("releases", release, seconds=RELEASE_SECONDS, clock=parts.clock))


def sla(parts: Parts, process: Process) -> None:
    misses = Misses(parts.engine)
    steps = ClockSteps(parts.engine)

    async def record_misses() -> int:
        return await misses.record_due(at=parts.clock.now())

    async def take_steps() -> int:
        return await steps.take_due(at=parts.clock.now())

    telling = Telling(
        messages=PostgresMessages(parts.engine),
        webhooks=parts.places.webhooks,
        clock=parts.clock,
        random=parts.random,
    )
    for number in range(TELLERS):
        process.repeat(
            Loop(f"telling {number}", telling.run, seconds=CLOCK_SECONDS, clock=parts.clock)
        )
    process.repeat(Loop("misses", record_misses, seconds=CLOCK_SECONDS, clock=parts.clock))
    process.repeat(Loop("steps", take_steps, seconds=CLOCK_SECONDS, clock=parts.clock))


def reconcile(parts: Parts, process: Process) -> None:
    writer = parts.logs.writer()
    process.close_last(writer.stop)
    stage = Reconcile(
        platforms=parts.places.poll,
        cursors=PostgresCursors(parts.engine),
        sink=LogSink(writer, clock=parts.clock, limit_seconds=15.0),
        clock=parts.clock,
    )
    reader = SourceReader(stage, parts.places, parts.database_url, parts.clock)
    process.repeat(Loop("reconcile", reader.tick, seconds=RECONCILE_SECONDS, clock=parts.clock))
    entries = EntryConsumer(Enter(parts.places.enter))
    consume(
        parts,
        process,
        group="entries",
        topic=EngagementReceived.topic,
        handler=One(entries.handle),
        is_hurried=False,
    )


def audit(parts: Parts, process: Process) -> None:
    ids = ReceivedIdsConsumer(ReceivedIds(parts.engine))
    consume(
        parts,
        process,
        group="audit",
        topic=EngagementReceived.topic,
        handler=Batch(ids.handle, size=BATCH, linger_seconds=UNHURRIED_SECONDS, order="key"),
        is_hurried=False,
    )
    letters = DeadLettersConsumer(DeadLetterRows(parts.engine))
    consume(
        parts,
        process,
        group="dead-letters",
        topic=DEAD_LETTER_TOPIC,
        handler=Batch(letters.handle, size=BATCH, linger_seconds=0.05, order="key"),
        is_hurried=False,
    )
    sealer = Sealer(parts.engine)

    async def seal() -> bool:  # at once again only when more waits than one transaction takes
        return await sealer.seal() >= SEAL_BATCH

    process.repeat(Loop("sealer", seal, seconds=SEAL_SECONDS, clock=parts.clock))
    tally = TallyRows(parts.engine)

    async def fold() -> None:  # not at once again, however much came: readers bear what waits
        await tally.fold()

    process.repeat(Loop("tally", fold, seconds=FOLD_SECONDS, clock=parts.clock))
    live, told = LiveAudit(parts.engine), AuditMetrics(parts.metrics)

    async def look() -> None:
        told.went_round(await live.round())

    async def recount() -> None:
        told.went_round(await live.recount())

    process.repeat(Loop("audit", look, seconds=LOOK_SECONDS, clock=parts.clock))
    process.repeat(Loop("recount", recount, seconds=RECOUNT_SECONDS, clock=parts.clock))
    retention = Retention(parts.engine, inbox_days=parts.settings.inbox.retention)

    async def prune() -> None:
        await retention.prune()
        await parts.logs.prune()

    process.repeat(Loop("retention", prune, seconds=RETENTION_SECONDS, clock=parts.clock))
    collector = LedgerCollector()
    parts.metrics.add(collector)
    sampler = LedgerSampler(
        PostgresFigures(
            parts.engine, workspace=parts.workspace, capabilities=parts.places.capabilities
        ),
        collector,
        parts.clock,
        interval_seconds=parts.settings.metrics.sample_interval,
    )
    process.background(sampler.run())


def listen_for_allowances(parts: Parts, process: Process) -> None:
    """Every process listens; those without the stage have nothing to allow."""
    process.background(Allowances(parts.database_url, process, parts.clock).run())


STAGES: Mapping[str, Callable[[Parts, Process], None]] = {
    "triage": triage,
    "drafting": drafting,
    "delivery": delivery,
    "relay": relay,
    "sla": sla,
    "reconcile": reconcile,
    "audit": audit,
}
"""By their names, in the order in which a process starts them; `gateway` and `console` are doors."""


def gateway(parts: Parts, process: Process, *, public_url: str | None) -> Gateway:
    """The way in; whoever calls mounts it on a server."""
    settings = parts.settings.gateway
    writer = parts.logs.writer(append_seconds=settings.append_timeout)
    process.close_last(writer.stop)
    sink = LogSink(writer, clock=parts.clock, limit_seconds=settings.append_timeout)
    refusals = RefusalQueue(RefusalRows(parts.engine))
    process.background(refusals.run())
    rate = Rate(per_second=settings.rate_per_second, burst=settings.rate_burst)
    return Gateway(
        intake=Intake(sources=parts.places.push, sink=sink, clock=parts.clock, rate=rate),
        refusals=refusals,
        observer=GatewayMetrics(parts.metrics, parts.places.push),
        clock=parts.clock,
        public_url=public_url,
    )


def console(
    parts: Parts,
    *,
    public_url: str,
    hosts: frozenset[str] | None,
    api_tokens: Mapping[str, PersonId],
    gateway_url: str,
    demo: bool = False,
) -> web.Application:
    """Review and the API, with the receipts of sources; whoever calls serves it.

    `gateway_url`: where pushes come in, or empty where another process takes them.
    """
    # Here, because pages and templates are for those who show them.
    from responder.web.console.app import console_app  # noqa: PLC0415

    desk = parts.desk()
    work = PostgresReviewWork(parts.engine, desk, workspace=parts.workspace)
    review = Review(work=work, clock=parts.clock, ids=parts.ids)
    app = console_app(
        desk=desk,
        review=review,
        dead_letters=PostgresDeadLetterDesk(parts.engine, read_again=parts.read_again),
        response_times=PostgresResponseTimes(parts.engine, workspace=parts.workspace),
        proof=PostgresProof(parts.engine),
        access=Access(store=PostgresPeople(parts.engine), clock=parts.clock, ids=parts.ids),
        clock=parts.clock,
        ids=parts.ids,
        public_url=public_url,
        way_in=lambda source: parts.connector.way_in(source, parts.places, gateway_url=gateway_url),
        hosts=hosts,
        api_tokens=api_tokens,
        demo=demo,
    )
    receipts = ReceiptPages(
        tokens=parts.places.tokens, receipts=PostgresReceipts(parts.engine), clock=parts.clock
    )
    receipts.mount(app)
    return app

"""The real stages in a simulated process, plugged together as `app/roles.py` does it."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from responder.adapters.log_sink import LogSink
from responder.adapters.system import SystemRandom
from responder.app.consumers import (
    DeadLettersConsumer,
    DeadLetterTopic,
    DeliveryConsumer,
    DraftingConsumer,
    SettlingConsumer,
    TriageConsumer,
)
from responder.delivery.ports import DeliveryWork, ReplyPlatform
from responder.delivery.service import Delivery
from responder.drafting.ports import (
    DraftingLedger,
    DraftRefused,
    DraftRequest,
    DraftWriter,
    Proposal,
    Provenance,
)
from responder.drafting.service import Drafting
from responder.engagement.errors import NotFound, RateLimited, Unavailable
from responder.engagement.events import (
    DEAD_LETTER_TOPIC,
    EngagementReceived,
    EngagementTriaged,
    Event,
    ReplyApproved,
)
from responder.engagement.model import DismissalReason, Understanding
from responder.intake.secrets import Rotating, Secret
from responder.intake.service import Intake, PushSource, read_again
from responder.platforms.standard_webhooks import StandardWebhooks
from responder.reconcile.ports import Cursors, PollPlatform
from responder.reconcile.service import Reconcile
from responder.review.service import Review
from responder.stream.environment import Environment, Subscription
from responder.stream.handler import Batch, Handler, One, Outcome
from responder.stream.log import Log, LogWriter, Record
from responder.stream.options import StreamOptions
from responder.stream.supervisor import Supervisor
from responder.testing.drafting import understood
from responder.testing.factories import PLACE, workspace
from responder.testing.ledger import Seen
from responder.testing.stream import RecordingObserver
from responder.testing.twin.deliveries import TwinDeliveryWork
from responder.testing.twin.drafts import TwinDraftingLedger
from responder.testing.twin.letters import TwinCursors, TwinLetterDesk, TwinLetters
from responder.testing.twin.relay import ShardOwners, TwinRelay, TwinReleases
from responder.testing.twin.review import TwinReviewWork
from responder.testing.twin.tables import Ledger
from responder.testing.twin.triage import TwinTriageWork
from responder.triage.ports import Readable, TriageWork
from responder.triage.service import Triage
from tests.chaos.simulation.hosts import CoarseClock, Host, RecurringWork, SeededIds

KEY_BYTES = b"the site signs what it pushes..."
SPAM = "cheap loans"
OPTIONS = StreamOptions(
    concurrency=4,
    buffer_records=80,
    window_records=80,
    commit_interval=4.0,
    commit_timeout=2.0,
    drain_timeout=3.0,
    cancel_grace=1.0,
    handler_timeout=25.0,
    poll_wait=5.0,
    backoff_first=0.5,
    backoff_most=5.0,
    rebalance_timeout=10.0,
    retry_max=4,
)
DELIVERY_OPTIONS = StreamOptions(
    **{name: getattr(OPTIONS, name) for name in OPTIONS.__dataclass_fields__}
    | {"handler_timeout": 60.0}
)
WORKSPACE = workspace()
T = TypeVar("T")


class Judge:
    """A classifier that needs no language model: everybody waits for a reply, but for adverts."""

    async def classify(self, batch: Sequence[Readable]) -> Sequence[Understanding]:
        return [self._one(each) for each in batch]

    def _one(self, readable: Readable) -> Understanding:
        plain = understood()
        if SPAM not in readable.text:
            return plain
        reason = DismissalReason.SPAM_RULE
        return Understanding(
            primary=plain.primary,
            intents=plain.intents,
            needs_reply=plain.needs_reply,
            motive=plain.motive,
            sentiment=plain.sentiment,
            language=plain.language,
            urgency=plain.urgency,
            dismiss_by_rule=reason,
        )


class Model:
    """A draft writer that is slow, refuses, is overrun, and is away."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def write(self, request: DraftRequest) -> Proposal:
        world = self._host.world
        await self._host.step("ask model")
        if world.weather.is_rough:
            match world.chance.choice(["", "", "", "slow", "refuses", "overrun", "away"]):
                case "slow":
                    await world.clock.sleep(world.chance.uniform(1.0, 40.0))
                case "refuses":
                    raise DraftRefused(reason="no_knowledge", explanation="Nothing is known.")
                case "overrun":
                    raise RateLimited(what="the model", after_seconds=2.0)
                case "away":
                    raise Unavailable(what="the model", why="drawn so")
                case _:
                    pass
        await self._host.step("model answered")
        text = f"A suggestion for {request.comment.comment_id}, as of {request.comment.revision}."
        return Proposal(text=text, provenance=Provenance(writer="simulated/1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a process reaches, each on its own way; a planted bug is another way."""

    host: Host
    ledger: Ledger
    ids: SeededIds
    consumer: Callable[[Host], Log]
    writer: Callable[[Host], LogWriter]
    site: ReplyPlatform
    reader: PollPlatform | None
    owners: ShardOwners
    surprised: Callable[[BaseException], None]


class Plug:
    """Makes the adapters of one process. A planted bug is a subclass that makes one of them wrong."""

    shows: ClassVar[frozenset[str]] = frozenset()
    """Of a planted bug: one at least of these is found not to hold."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self.host = outside.host
        self.ledger = outside.ledger

    def triage_work(self) -> TriageWork:
        return TwinTriageWork(self.ledger)

    def drafting_ledger(self) -> DraftingLedger:
        return TwinDraftingLedger(
            self.ledger, self.outside.ids, workspace=WORKSPACE, lease_seconds=10.0
        )

    def delivery_work(self) -> DeliveryWork:
        return TwinDeliveryWork(self.ledger, self.outside.ids)

    def platform(self) -> ReplyPlatform:
        return self.outside.site

    def draft_writer(self) -> DraftWriter:
        return Model(self.host)

    def letters(self) -> TwinLetters:
        return TwinLetters(self.ledger)

    def relay(self, writer: LogWriter) -> TwinRelay:
        return TwinRelay(self.ledger, writer, self.letters(), self.outside.owners)

    def releases(self) -> TwinReleases:
        return TwinReleases(self.ledger)

    def cursors(self) -> Cursors:
        return TwinCursors(self.ledger)

    def reader(self) -> PollPlatform | None:
        return self.outside.reader

    def consumer(self) -> Log:
        return self.outside.consumer(self.host)

    def gateway_writer(self) -> LogWriter:
        return self.outside.writer(self.host)

    def handler(self, group: str, handler: Handler) -> Handler:
        del group
        return handler


class Process:
    """One process with some of the roles, from its start to its end."""

    def __init__(self, plug: Plug, roles: frozenset[str]) -> None:
        self.host = plug.host
        self.roles = roles
        self._plug = plug
        self._world = plug.host.world
        self._clock = plug.host.world.clock
        self._random = SystemRandom(seed=self._world.chance.getrandbits(32))
        self._consumers: list[Supervisor] = []
        self.intake = self._intake()
        self.review_work = TwinReviewWork(plug.ledger)
        self.review = Review(work=self.review_work, clock=self._clock, ids=plug.outside.ids)
        self.letter_desk = TwinLetterDesk(plug.ledger, read_again=self._read_again)
        self._delivery = Delivery(
            work=plug.delivery_work(),
            platforms={PLACE.id: plug.platform()},
            kinds={PLACE.id: PLACE.platform},
            clock=self._clock,
            random=self._random,
            observer=Seen(),
        )

    def start(self) -> None:
        for role in sorted(self.roles):
            getattr(self, f"_{role}", lambda: None)()

    async def stop(self) -> None:
        """As by SIGTERM: drain, commit, leave; then it is gone."""
        for each in self._consumers:
            await each.stop()
        self.host.die()

    def _intake(self) -> Intake:
        sink = LogSink(self._plug.gateway_writer(), clock=self._clock)
        self._sources = {PLACE.id: push_source()}
        return Intake(sources=self._sources, sink=sink, clock=self._clock)

    def _read_again(
        self, name: str, headers: Sequence[tuple[str, str]], value: bytes
    ) -> tuple[Event, ...]:
        return read_again(self._sources, name, headers, value, now=self._clock.now())

    def _triage(self) -> None:
        stage = Triage(
            workspace=lambda: WORKSPACE,
            classifier=Judge(),
            work=self._plug.triage_work(),
            clock=self._clock,
            ids=self._plug.outside.ids,
        )
        consumer = TriageConsumer(stage, self._delivery)
        batch = self._watched_batch(consumer.handle)
        handler = Batch(batch, size=8, linger_seconds=0.1, order="key")
        self._consume("triage", EngagementReceived.topic, handler)

    def _drafting(self) -> None:
        ledger = self._plug.drafting_ledger()
        stage = Drafting(ledger=ledger, writer=self._plug.draft_writer(), clock=self._clock)
        if isinstance(ledger, TwinDraftingLedger):
            self._repeat(ledger.renew, seconds=3.0)
        self._consume("drafting", EngagementTriaged.topic, self._one(DraftingConsumer(stage)))

    def _deliver(self) -> None:
        self._consume("delivery", ReplyApproved.topic, self._one(DeliveryConsumer(self._delivery)))
        self._repeat(self._delivery.run, seconds=2.0)

    def _relay(self) -> None:
        relay = self._plug.relay(self._plug.outside.writer(self.host))
        sending = self._repeat(relay.round, seconds=2.0)
        told = self._plug.ledger.tables.outbox_told
        told[relay] = sending.wake

        def ended() -> None:
            relay.close()
            told.pop(relay, None)

        self.host.when_ended.append(ended)
        releases = self._plug.releases()
        self._repeat(lambda: releases.release_due(at=self._clock.now()), seconds=1.0)

    def _letters(self) -> None:
        consumer = DeadLettersConsumer(self._plug.letters())
        handler = Batch(self._watched_batch(consumer.handle), size=8, linger_seconds=0.05)
        self._consume("letters", DEAD_LETTER_TOPIC, handler)

    def _reconcile(self) -> None:
        reader = self._plug.reader()
        if reader is None:
            return
        stage = Reconcile(
            platforms={PLACE.id: reader},
            cursors=self._plug.cursors(),
            sink=LogSink(self._plug.outside.writer(self.host), clock=self._clock),
            clock=self._clock,
            pages=3,
        )

        async def read() -> bool:
            ended = await stage.pass_once(PLACE.id)
            return ended.is_ok and not ended.is_whole

        self._repeat(read, seconds=4.0)

    def _one(self, consumer: DraftingConsumer | DeliveryConsumer) -> Handler:
        settling = SettlingConsumer(consumer.handle, self._plug.letters())

        async def handle(record: Record) -> Outcome:
            return await self._watched(settling.handle(record))

        return One(handle)

    def _watched_batch(
        self, handle: Callable[[Sequence[Record]], Awaitable[Sequence[Outcome]]]
    ) -> Callable[[Sequence[Record]], Awaitable[Sequence[Outcome]]]:
        async def watched(records: Sequence[Record]) -> Sequence[Outcome]:
            return await self._watched(handle(records))

        return watched

    async def _watched(self, work: Awaitable[T]) -> T:
        """A bug does not hide behind another try."""
        try:
            return await work
        except Exception as error:
            if not isinstance(error, NotFound):
                self._plug.outside.surprised(error)
            raise

    def _consume(self, group: str, topic: str, handler: Handler) -> None:
        letters = DeadLetterTopic(self._plug.outside.writer(self.host), self._plug.letters())
        supervisor = Supervisor(
            make_log=self._plug.consumer,
            subscription=Subscription(
                topics=[topic],
                group=group,
                handler=self._plug.handler(group, handler),
                dead_letters=letters,
            ),
            environment=Environment(
                clock=CoarseClock(self.host),
                random=self._random,
                options=DELIVERY_OPTIONS if group == "delivery" else OPTIONS,
                observer=RecordingObserver(),
            ),
        )
        self._consumers.append(supervisor)
        self.host.start(supervisor.run())

    def _repeat(self, work: Callable[[], Awaitable[object]], *, seconds: float) -> RecurringWork:
        again = RecurringWork(self.host, work, seconds, self._plug.outside.surprised)
        self.host.start(again.run())
        return again


def push_source() -> PushSource:
    secrets = Rotating(Secret(secret_text()))
    return PushSource(
        id=PLACE.id, token=Rotating(Secret("unguessable")), platform=StandardWebhooks(secrets)
    )


def secret_text() -> str:
    return f"whsec_{base64.b64encode(KEY_BYTES).decode()}"

"""Approvals by the thousand, the real delivery on a real ledger, and peers that are not to be trusted."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import text

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.system import SystemRandom
from responder.delivery.ports import ReplyPlatform
from responder.delivery.service import Delivery
from responder.engagement.context import digest
from responder.engagement.events import EngagementReceived
from responder.engagement.model import DismissalReason, EngagementId, SourceId
from responder.engagement.ports import Clock
from responder.engagement.workspace import Source
from responder.platforms.guestbook import GuestbookPlatform
from responder.platforms.outgoing_webhook import OutgoingWebhook
from responder.review.commands import (
    Approve,
    Dismiss,
    Undo,
)
from responder.testing.factories import arrival, comment, workspace
from responder.testing.hostile_peer import Answer, HostilePeer, Look, Standing, Turn
from responder.testing.ledger import ANA, Bench, open_bench
from responder.testing.loopback import loopback_http
from responder.triage.decisions import comment_of
from tests.chaos.approvals.mortals import (
    STOPS,
    Fates,
    Impatient,
    MortalHands,
    MortalWork,
    Stopped,
    let_go_on,
    take_step,
)

EVERYWHERE = ("keyed", "hook", "listed", "mute")
"""With keys and listings, with keys, with listings, and with neither."""
WORKERS = 6
TOKEN = "it opens nothing"  # noqa: S105 - as it says
BATCH = 100
LAG_SECONDS = 4.0
"""How long a reply may be missing from a listing; delivery is told 5."""
AT_LEAST_SECONDS = 3.0
AT_MOST = timedelta(days=9)
"""By then every wait that delivery knows is over."""
POSSIBLE = [
    Turn(answer, is_made)
    for answer in Answer
    for is_made in (True, False)
    if is_made or answer not in {Answer.TRUE, Answer.TWICE, Answer.HALF}
]
"""Whatever is answered, it may have been made or not; but what stands there can only be shown."""
UNPROVABLE = {Turn(Answer.LATER), Turn(Answer.BUSY)}
"""Made, and *later* is said: where the listing may be cut too, nothing can show that."""


@dataclass(frozen=True, slots=True)
class Place:
    """A peer, and how it is spoken with."""

    source: Source
    peer: HostilePeer
    platform: ReplyPlatform


@dataclass(frozen=True, slots=True)
class Planned:
    """One comment and what is decided about it."""

    place: str
    comment_id: str
    number: int

    @property
    def text(self) -> str:
        return f"Answer {self.number}, for {self.comment_id} alone."


@dataclass(slots=True)
class World:
    bench: Bench
    places: Mapping[str, Place]
    workers: Sequence[Delivery]
    chance: random.Random
    approved: dict[str, Planned] = field(default_factory=dict)
    """By text: what is to be posted."""
    refused: dict[str, Planned] = field(default_factory=dict)
    """By text: what was taken back, closed or overtaken, and must not be posted."""
    stopped: list[Stopped] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def approves(self, each: int) -> None:
        """So many comments at each place come in and are answered, and the replies let go."""
        planned = self._plan(each)
        await self._decide(planned)
        for one in planned:
            self.approved[one.text] = one
            self._write_down(one)

    async def changes_its_mind(self, each: int) -> None:
        """So many more at each place are approved and taken back, closed, or edited since."""
        undone, closed, edited = self._plan(each), self._plan(each), self._plan(each)
        ids = await self._decide(undone, release=False)
        for one in undone:
            await self.bench.review.undo(Undo(engagement_id=ids[one.comment_id], actor=ANA))
        await self._decide(closed, closes=True)
        await self._decide(edited)
        await self._bring([(one, "Does it, really?", "edited") for one in edited])
        self.refused |= {one.text: one for one in (*undone, *closed, *edited)}

    def approves_there(self, place: str, reply: Standing) -> bool:
        """Whether exactly this was approved, for this comment and place."""
        planned = self.approved.get(reply.text)
        return planned is not None and (planned.place, planned.comment_id) == (
            place,
            reply.comment_id,
        )

    async def works(self) -> None:
        """Until nothing is due any more and nobody is stopped."""
        end = self.bench.clock.now() + AT_MOST
        while self.bench.clock.now() < end:
            await self._all_work()
            wait = await self._next_in()
            if wait is None and not self.stopped:
                return
            await self._time_passes(60.0 if wait is None or wait <= 0 else wait)
        raise AssertionError("something is still due after every wait is over")

    def _plan(self, each: int) -> list[Planned]:
        numbers = (next(self._numbers) for _ in range(each))
        return [
            Planned(place, f"{place}-{number}", number)
            for number in numbers
            for place in self.places
        ]

    def _write_down(self, one: Planned) -> None:
        """What its peer does to it."""
        chance, peer = self.chance, self.places[one.place].peer
        possible = [turn for turn in POSSIBLE if one.place != "hook" or is_fair(turn)]
        hostile = chance.choices((0, 1, 2, 4), (45, 35, 15, 5))[0]
        turns = [chance.choice(possible) for _ in range(hostile)]
        peer.turns[one.comment_id].extend(turns)
        cut = 0 if any(turn in UNPROVABLE for turn in turns) else 2
        looks = chance.choices((Look.TRUE, Look.FAILURE, Look.INCOMPLETE), (90, 8, cut), k=hostile)
        peer.looks[one.comment_id].extend(looks)

    async def _bring(self, what: Iterable[tuple[Planned, str, str]]) -> None:
        arrivals = [
            arrival(self._comment(one, said, kind), source=one.place) for one, said, kind in what
        ]
        for start in range(0, len(arrivals), BATCH):
            await self.bench.triage.take(arrivals[start : start + BATCH])

    def _comment(self, one: Planned, said: str, kind: str = "created") -> EngagementReceived:
        now = self.bench.clock.now()
        return comment(one.comment_id, said, kind=kind, published_at=now)

    async def _decide(
        self, planned: Sequence[Planned], *, closes: bool = False, release: bool = True
    ) -> Mapping[str, EngagementId]:
        question = "Does the planner also work offline?"
        await self._bring([(one, question, "created") for one in planned])
        ids = await self._ids()
        decide = self._close if closes else self._approve
        for start in range(0, len(planned), WORKERS):
            some = planned[start : start + WORKERS]
            await asyncio.gather(*(decide(one, ids[one.comment_id]) for one in some))
        while release and await self.bench.releases.release_due(at=self.bench.clock.now()):
            pass
        return ids

    async def _approve(self, one: Planned, engagement_id: EngagementId) -> None:
        await self.bench.review.approve(
            Approve(
                engagement_id=engagement_id,
                actor=ANA,
                key=one.comment_id,
                context=self._context(one),
                text=one.text,
                undo_seconds=0,
            )
        )

    async def _close(self, one: Planned, engagement_id: EngagementId) -> None:
        await self.bench.review.dismiss(
            Dismiss(
                engagement_id=engagement_id,
                actor=ANA,
                key=one.comment_id,
                context=self._context(one),
                reason=DismissalReason.OFF_TOPIC,
                undo_seconds=0,
            )
        )

    def _context(self, one: Planned) -> str:
        """Of a comment that stands alone, as its page would show it."""
        made = arrival(self._comment(one, ""), source=one.place)
        alone = comment_of(made, self.places[one.place].source, None)
        return digest(alone, [alone])

    async def _ids(self) -> Mapping[str, EngagementId]:
        async with self.bench.engine.connect() as connection:
            found = await connection.execute(text("SELECT comment_id, id FROM engagement"))
            return {row.comment_id: EngagementId(row.id) for row in found}

    async def _all_work(self) -> None:
        await asyncio.gather(*(self._work_off(worker) for worker in self.workers))

    async def _work_off(self, worker: Delivery) -> None:
        while taken := await take_step(worker, self.bench.clock.now()):
            if isinstance(taken, Stopped):
                taken.until += timedelta(seconds=self.chance.uniform(31, 400))
                self.stopped.append(taken)

    async def _next_in(self) -> float | None:
        """Seconds until the next step is due and nobody holds it; None if there is none."""
        async with self.bench.engine.connect() as connection:
            found = await connection.execute(
                text("""
                    SELECT min(GREATEST(extract(epoch FROM next_at - CAST(:now AS timestamptz)),
                      extract(epoch FROM leased_until - now())))
                    FROM delivery_job WHERE next_at IS NOT NULL
                    """),
                {"now": self.bench.clock.now()},
            )
            seconds = found.scalar_one()
            return None if seconds is None else float(seconds)

    async def _time_passes(self, seconds: float) -> None:
        """For us and for the database; some come back meanwhile, and some go away."""
        passes = seconds + max(AT_LEAST_SECONDS, seconds / 5)
        self.bench.clock.forward(passes)
        async with self.bench.engine.begin() as connection:
            for statement in _PASSING:
                await connection.execute(text(statement), {"seconds": passes})
        now = self.bench.clock.now()
        for stopped in [each for each in self.stopped if each.until <= now]:
            self.stopped.remove(stopped)
            await let_go_on(stopped)
        for place in self.places.values():
            if self.chance.random() < 0.1:
                await place.peer.go_away()
            else:
                await place.peer.come_back()


_PASSING = (
    """
    UPDATE delivery_job SET leased_until = leased_until - :seconds * interval '1 second'
    WHERE leased_until IS NOT NULL
    """,
    """
    UPDATE source_state SET paused_at = paused_at - :seconds * interval '1 second'
    WHERE paused_at IS NOT NULL
    """,
)


def is_fair(turn: Turn) -> bool:
    """A webhook's answer is an id and no more: whose it is, only its receiver knows."""
    return turn.answer is not Answer.STALE


Wrap = Callable[[ReplyPlatform], ReplyPlatform]


@asynccontextmanager
async def open_world(
    database: Dsn,
    seed: int,
    *,
    names: Sequence[str] = EVERYWHERE,
    stops: float = STOPS,
    wrap: Wrap = lambda platform: platform,
) -> AsyncIterator[World]:
    """Places of these names, with workers that are stopped so often before a call."""
    configuration = workspace(*(_source(name) for name in names))
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(open_bench(database, configuration))
        fates = Fates(seed, stops=stops)
        places = {}
        for source in configuration.sources.values():
            peer = HostilePeer(
                bench.clock, keeps_keys=source.id in {"keyed", "hook"}, lags_seconds=LAG_SECONDS
            )
            await stack.enter_async_context(peer)
            platform = _platform(source, peer, bench.clock, fates)
            places[str(source.id)] = Place(source, peer, wrap(platform))
        yield World(
            bench=bench,
            places=places,
            workers=[_worker(bench, places, fates, number) for number in range(WORKERS)],
            chance=random.Random(seed),  # noqa: S311 - repeatable, no secret
        )


def _source(name: str) -> Source:
    return Source(
        id=SourceId(name),
        platform="guestbook",
        title=name,
        own_author_ids=frozenset({"us"}),
        post_as="Arbor Team",
    )


def _platform(source: Source, peer: HostilePeer, clock: Clock, fates: Fates) -> ReplyPlatform:
    http = Impatient(loopback_http(peer.url, clock=clock))
    if source.id == "hook":
        secret = "whsec_" + "c2VjcmV0IG9mIHRoZSBob29r"
        hook = OutgoingWebhook(http=http, clock=clock, url=f"{peer.url}/hook", secrets=[secret])
        return MortalHands(hook, fates)
    book = GuestbookPlatform(
        http=http, clock=clock, url=peer.url, token=TOKEN, post_as="Arbor Team"
    )
    return MortalHands(
        book,
        fates,
        replace(
            book.capabilities,
            settle_seconds=5.0,
            idempotency="key" if source.id == "keyed" else "none",
            reads_back=source.id != "mute",
        ),
    )


def _worker(bench: Bench, places: Mapping[str, Place], fates: Fates, number: int) -> Delivery:
    return Delivery(
        work=MortalWork(bench.delivery_work, fates),
        platforms={place.source.id: place.platform for place in places.values()},
        kinds={place.source.id: name for name, place in places.items()},
        clock=bench.clock,
        random=SystemRandom(seed=number),
        observer=bench.seen,
    )

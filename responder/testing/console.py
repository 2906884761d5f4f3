"""The console over a real ledger: pages, API and stream on a free port, for tests through the door."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web

from responder.access.model import Person, Preferences, Role
from responder.access.service import Access
from responder.adapters.postgres.dead_letters import DeadLetterRows, PostgresDeadLetterDesk
from responder.adapters.postgres.drafts import PostgresDraftingLedger
from responder.adapters.postgres.people import PostgresPeople
from responder.adapters.postgres.proof import PostgresProof
from responder.adapters.postgres.response_times import PostgresResponseTimes
from responder.adapters.system import SystemClock, SystemIds
from responder.drafting.ports import Drafted, Passage, Provenance
from responder.engagement.deadletter import Buried
from responder.engagement.errors import Malformed
from responder.engagement.events import Event
from responder.engagement.model import EventId, SourceId
from responder.intake.ports import WayIn
from responder.testing.factories import PLACE
from responder.testing.ledger import ANA, Bench, MovedClock
from responder.web.console.app import console_app
from responder.web.server import Listening, listen

API_TOKEN = "a-token-for-tests"  # noqa: S105 - of a console that lives for one test

ADDRESS_TOKEN = "the-last-part-of-an-address"  # noqa: S105 - the same


@dataclass(frozen=True, slots=True)
class BenchClock:
    """The bench's time, which tests move; waiting is real, for loops that wait for the world."""

    bench: MovedClock

    def now(self) -> datetime:
        return self.bench.now()

    def monotonic(self) -> float:
        return SystemClock().monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class ConsoleBench:
    """A bench with its console."""

    bench: Bench
    access: Access
    ana: Person
    """An admin; the API token acts for her."""
    build: Callable[[], web.Application]
    listening: Listening

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.port}"

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """The console is not there; afterwards it is back at the same address."""
        await self.listening.stop()
        yield
        self.listening = await _serve(self.build(), port=self.listening.port)

    async def link(self, person: Person | None = None) -> str:
        """A fresh sign-in link, by default Ana's."""
        return f"{self.url}/sign-in/{await self.access.link(person or self.ana)}"

    async def person(self, name: str, role: Role) -> Person:
        return await self.access.add(name, role)

    async def prefers(self, preferences: Preferences) -> None:
        """Ana changes her settings."""
        await self.access.prefer(self.ana, preferences)

    async def suggested(
        self,
        reply: str | None,
        comment_id: str = "c1",
        *,
        passages: tuple[Passage, ...] = (),
        unsupported: tuple[str, ...] = (),
    ) -> None:
        """Drafting comes with a suggestion, or (None) without."""
        bench = self.bench
        ledger = PostgresDraftingLedger(
            bench.engine,
            workspace=lambda: bench.configuration,
            capabilities=lambda: {PLACE.id: bench.place.capabilities},
        )
        item = await bench.item(comment_id)
        claim = await ledger.claim(EventId(bench.key()), item.row.engagement_id)
        await ledger.settle(
            claim,
            Drafted(
                engagement_id=item.row.engagement_id,
                for_revision=item.comment.revision,
                text=reply,
                refusal=None if reply else "no_knowledge",
                explanation=None if reply else "Nothing that we know answers this.",
                provenance=Provenance(
                    writer="template/1", passages=passages, unsupported=unsupported
                ),
            ),
            at=bench.clock.now(),
        )

    async def buried(
        self, value: bytes, *, why: str = "the data: not JSON", stage: str = "triage"
    ) -> UUID:
        """A record that could not be read comes to the ledger."""
        letter = Buried(
            id=SystemIds(SystemClock()).uuid(),
            topic="engagement.received",
            partition=3,
            offset=41,
            key=b"garden/t1",
            value=value,
            headers=(("ce_type", b"engagement.received.v1"), ("ce_source", b"garden")),
            stage=stage,
            why=why,
            attempts=1,
            first_failed_at=self.bench.clock.now(),
            last_failed_at=self.bench.clock.now(),
            source="garden",
        )
        await DeadLetterRows(self.bench.engine).take([letter])
        return letter.id


@asynccontextmanager
async def open_console(
    bench: Bench, *, demo: bool = False, seals: bool = True
) -> AsyncIterator[ConsoleBench]:
    """Serve the console on a bench.

    Args:
        bench: a ledger with its services.
        demo: with the banner of a demo.
        seals: seal audit entries as they come, as the audit role does; else nothing goes live.
    """
    clock = BenchClock(bench.clock)
    ids = SystemIds(SystemClock())
    people = PostgresPeople(bench.engine)
    access = Access(store=people, clock=clock, ids=ids)
    ana = Person(id=ANA, name="Ana", role=Role.ADMIN)
    await people.add(ana, at=clock.now())

    def build() -> web.Application:
        return console_app(
            desk=bench.desk,
            review=bench.review,
            dead_letters=PostgresDeadLetterDesk(bench.engine, read_again=_still_unreadable),
            response_times=PostgresResponseTimes(
                bench.engine, workspace=lambda: bench.configuration
            ),
            proof=PostgresProof(bench.engine),
            access=access,
            clock=clock,
            ids=ids,
            public_url="http://127.0.0.1",
            way_in=_way_in,
            api_tokens={API_TOKEN: ana.id},
            demo=demo,
        )

    console = ConsoleBench(bench, access, ana, build, await _serve(build(), port=0))
    sealing = asyncio.create_task(_seal(bench)) if seals else None
    try:
        yield console
    finally:
        if sealing is not None:
            sealing.cancel()
            with suppress(asyncio.CancelledError):
                await sealing
        await console.listening.stop()


async def _serve(app: web.Application, *, port: int) -> Listening:
    return await listen(app, host="127.0.0.1", port=port, shutdown_seconds=1)


def _way_in(source: SourceId) -> WayIn:
    return WayIn(
        address=f"http://127.0.0.1/in/{source}/{ADDRESS_TOKEN}",
        signed_with=f"/data/secrets/{source}.webhook-secret",
        replies_signed_with=None,
    )


def _still_unreadable(_source: str, _headers: object, _body: bytes) -> tuple[Event, ...]:
    raise Malformed(what="the data", why="not JSON, still")


async def _seal(bench: Bench) -> None:
    while True:
        await bench.sealer.seal()
        await asyncio.sleep(0.05)

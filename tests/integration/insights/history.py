"""A ledger that had much happen to it, through the real services, and what an observer saw of it.

The observer reads plain rows after every act and notes what changed. It knows neither the kept
counts nor the table of waits; from its notes every figure can be counted again (`recount.py`).
"""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from responder.adapters.postgres.engine import transaction
from responder.delivery.ports import AttemptOutcome
from responder.engagement.errors import Conflict
from responder.review.commands import (
    LetClockGoOn,
    Reopen,
    StopClock,
)
from responder.testing.factories import arrival, comment
from responder.testing.ledger import ANA, Bench
from responder.testing.place import Behaviour

TEXTS = (
    *("Does it run offline?", "Where is it?", "How heavy is it?", "My phone caught fire, help!"),
    *("Lovely photo.", "Thank you so much!", "", "This is broken and I want my money back."),
)
LAGS = (0.5, 3.0, 45.0, 900.0, 7_200.0, -30.0)
"""Seconds from the comment to its receipt; a clock somewhere else may be wrong."""
ENDS = ("answered", "dismissed", "withdrawn")


@dataclass(frozen=True)
class Settled:
    """How one due period came out, as the observer would have it."""

    sla: str
    tier: str
    outcome: str
    at: datetime
    is_first: bool


@dataclass
class Noted:
    """What the observer knows of one comment."""

    id: UUID
    source: str
    via: str
    published_at: datetime
    received_at: datetime
    row: Any
    """As it was last seen."""
    first_reply: tuple[datetime, Mapping[str, Any] | None] | None = None
    """When, and under which terms its clock ran."""
    closed: tuple[datetime, Mapping[str, Any] | None] | None = None
    """Since when it is closed without ever a reply, likewise; None while it waits."""
    settled: list[Settled] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.row.state not in ENDS


class Observer:
    """Looks at the rows, and remembers."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.noted: dict[UUID, Noted] = {}

    async def look(self) -> None:
        async with transaction(self._bench.engine) as connection:
            found = await connection.execute(
                text("""
                    SELECT e.id, e.source, e.via, e.published_at, e.received_at, e.state, e.queue,
                      e.due_at, e.due_period, e.due_outcome, e.clock_paused_at, e.replied_at,
                      e.ended_at, (
                        SELECT s.content FROM clock_tick t LEFT JOIN sla_terms s
                          ON s.version = t.terms
                        WHERE t.engagement_id = e.id AND t.act IN ('started', 'restarted', 'changed')
                        ORDER BY t.number DESC LIMIT 1) AS terms
                    FROM engagement e
                    """)
            )
            for row in found:
                self._note(row)

    def _note(self, row: Any) -> None:
        noted = self.noted.get(row.id)
        if noted is None:
            noted = self.noted[row.id] = Noted(
                *(row.id, row.source, row.via, row.published_at, row.received_at, row)
            )
            before = None
        else:
            before, noted.row = noted.row, row
        if row.state == "answered" and noted.first_reply is None:
            noted.first_reply, noted.closed = (row.replied_at, row.terms), None
        if noted.first_reply is None and row.state in ENDS and noted.closed is None:
            noted.closed = (row.ended_at, row.terms)
        if noted.is_open:
            noted.closed = None
        self._settle(noted, before)

    def _settle(self, noted: Noted, before: Any) -> None:
        """Its due time, judged anew the first time that the row says it is settled."""
        row, now = noted.row, self._bench.clock.now()
        is_new = before is None or (before.due_period, before.due_outcome) != (
            *(row.due_period, row.due_outcome),
        )
        if row.due_outcome is None or not is_new:
            return
        noted.settled.append(
            Settled(
                sla=row.terms["policy"],
                tier=tier_of(row.terms),
                outcome=self._outcome(row, now),
                at=now,
                is_first=row.due_period == 1,
            )
        )

    @staticmethod
    def _outcome(row: Any, now: datetime) -> str:
        """A clock that stands has come no further than where it was stopped."""
        ended = row.replied_at or row.ended_at or now
        if row.state not in ENDS or min(ended, row.clock_paused_at or ended) > row.due_at:
            return "missed"
        return "met" if row.state == "answered" else "excused"


def tier_of(terms: Mapping[str, Any]) -> str:
    """As the configuration of these tests would write it."""
    return {3_600: "1h", 18_000: "5h", 93_600: "1d2h"}[int(terms["target_seconds"])]


class History:
    """Somebody who does one thing after the other, now and then."""

    def __init__(self, bench: Bench, chance: random.Random) -> None:
        self._bench = bench
        self._chance = chance
        self._made = 0
        self.observer = Observer(bench)

    async def go(self, *, since: datetime, until: datetime) -> None:
        """From then until then; what is due meanwhile happens in its time."""
        bench = self._bench
        bench.clock.time = since
        acts: Sequence[Callable[[], Awaitable[None]]] = (
            *(self._arrive, self._arrive, self._arrive, self._arrive, self._edit, self._delete),
            *(self._approve, self._approve, self._approve, self._approve, self._dismiss),
            *(self._undo, self._reopen, self._reopen, self._stop, self._go_on, self._elsewhere),
        )
        await self._arrive()
        while bench.clock.now() < until - timedelta(hours=3):
            with suppress(Conflict):  # it is not in a state for that, and said so
                await self._chance.choice(acts)()
            await self.observer.look()
            await self._pass_time(until)
        bench.clock.time = until
        await self._work()

    async def _pass_time(self, until: datetime) -> None:
        if self._chance.random() < 0.4:
            self._bench.clock.forward(self._chance.expovariate(1 / 9_000))
            self._bench.clock.time = min(self._bench.clock.now(), until)
        await self._work()

    async def _work(self) -> None:
        """What the roles would have done by now, one after the other, each seen at once."""
        bench = self._bench
        while await bench.misses.record_due(at=bench.clock.now()):
            await self.observer.look()
        await bench.steps.take_due(at=bench.clock.now())
        await bench.releases.release_due(at=bench.clock.now())
        await self.observer.look()
        while await bench.delivery.run():
            await self.observer.look()

    def _one(self) -> str:
        return f"c{self._chance.randrange(self._made)}"

    async def _arrive(self) -> None:
        arrivals = []
        for _ in range(self._chance.randint(1, 3)):
            lag = self._chance.choice(LAGS)
            made = comment(
                f"c{self._made}",
                self._chance.choice(TEXTS),
                published_at=self._bench.clock.now() - timedelta(seconds=lag),
                via=self._chance.choice(("webhook", "webhook", "webhook", "poll", "backfill")),
            )
            self._made += 1
            arrivals.append(arrival(made, after=lag))
        await self._bench.triage.take(arrivals)

    async def _edit(self) -> None:
        said = f"{self._chance.choice(TEXTS)} {self._chance.randrange(9)}"
        await self._bench.arrives(comment(self._one(), said, kind="edited"))

    async def _delete(self) -> None:
        await self._bench.arrives(comment(self._one(), "", kind="deleted"))

    async def _approve(self) -> None:
        outcome = self._chance.choice(
            (*[AttemptOutcome.SENT] * 4, AttemptOutcome.UNKNOWN, AttemptOutcome.REFUSED)
        )
        self._bench.place.will([Behaviour(stores=outcome == AttemptOutcome.SENT, answer=outcome)])
        await self._bench.approve(self._one())

    async def _dismiss(self) -> None:
        await self._bench.dismiss(self._one())

    async def _undo(self) -> None:
        await self._bench.undo(self._one())

    async def _elsewhere(self) -> None:
        """A colleague answered there by hand."""
        answered = self._one()
        made = comment(
            f"own-{self._bench.key()}",
            "It does, see the manual.",
            author={"id": "us", "name": "Arbor Team"},
            thread_id=answered,
            parent_id=answered,
            published_at=self._bench.clock.now(),
        )
        await self._bench.arrives(made)

    async def _reopen(self) -> None:
        await self._bench.review.reopen(Reopen(**await self._shown()))

    async def _stop(self) -> None:
        await self._bench.review.stop_clock(StopClock(**await self._shown(), reason="the lab"))

    async def _go_on(self) -> None:
        await self._bench.review.let_clock_go_on(LetClockGoOn(**await self._shown()))

    async def _shown(self) -> dict[str, Any]:
        item = await self._bench.item(self._one())
        return {
            "engagement_id": item.row.engagement_id,
            "actor": ANA,
            "key": self._bench.key(),
            "context": item.context,
        }

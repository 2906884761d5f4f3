"""The audit role's tables: seal the chain, record what the log held, compare it with the ledger."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.engine import patient, transaction
from responder.adapters.postgres.missing import find_missing
from responder.adapters.postgres.pushes import note_bodies
from responder.adapters.postgres.recordset import bytea, insert_rows
from responder.adapters.postgres.tally import miscounts, read_tally
from responder.audit.chain import GENESIS, Break, Sealed, Verifier, seal
from responder.audit.ports import Findings
from responder.engagement.events import EngagementReceived, Event
from responder.engagement.ports import Clock
from responder.review.ports import Balance

SEALER_LOCK = 0x7365_616C
BATCH = 1_000
SETTLING_SECONDS = 30
"""An id younger than this may still be on its way through triage."""
SHOWN = 100
LOOK_SECONDS = 45.0
LOOK_SHARE = 30.0
"""So many times as long as a look took passes until the next."""


class Sealer:
    """Moves visible audit entries into the chain, numbered and hashed; one at a time anywhere."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def seal(self) -> int:
        """Seal what is there, at most `BATCH`; gives how many. 0 while another sealer works.

        Entries of one engagement keep their order: they were written under its row's lock, so their
        ids ascend, and none is visible before the one that precedes it.
        """
        async with transaction(self._engine) as connection:
            mine = await connection.execute(
                text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": SEALER_LOCK}
            )
            if not mine.scalar_one():
                return 0
            found = await connection.execute(
                text("SELECT * FROM audit_entry ORDER BY id LIMIT :limit"), {"limit": BATCH}
            )
            rows = found.all()
            if rows:
                await _append(connection, rows)
            return len(rows)


async def _append(connection: AsyncConnection, rows: Sequence[Any]) -> None:
    last = await connection.execute(
        text("SELECT number, hash FROM audit_chain ORDER BY number DESC LIMIT 1")
    )
    head = last.one_or_none()
    number, before = (0, GENESIS) if head is None else (head.number, bytes(head.hash))
    sealed: list[dict[str, object]] = []
    for row in rows:
        number += 1
        entry = _sealed(row, number=number, entry_id=row.id)
        before = seal(before, entry)
        sealed.append(_values(entry, digest=before))
    await insert_rows(connection, "audit_chain", sealed)
    await connection.execute(
        text("DELETE FROM audit_entry WHERE id = ANY(CAST(:ids AS bigint[]))"),
        {"ids": [row.id for row in rows]},
    )
    await connection.execute(text("NOTIFY responder_changes"))


class ReceivedIds:
    """Remembers what the log held, apart from triage, so that a loss in between shows.

    It also sees when one delivery id came with two bodies (see `pushes`).
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def record(self, seen: Sequence[tuple[Event, EngagementReceived, str, int, int]]) -> None:
        """Each with the topic, partition and offset where it stands. Repeats change nothing."""
        if not seen:
            return
        async with transaction(self._engine) as connection:
            await note_bodies(connection, [(event, data) for event, data, *_ in seen])
            rows = [
                {
                    "event_id": event.id,
                    "source": event.source,
                    "comment_id": data.comment_id,
                    "kind": data.kind,
                    "topic": topic,
                    "partition": partition,
                    "offset": offset,
                }
                for event, data, topic, partition, offset in sorted(seen, key=lambda e: e[0].id)
            ]
            await insert_rows(connection, "received_id", rows, conflict="ON CONFLICT DO NOTHING")


class PostgresAuditor:
    """`audit.ports.Auditor` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine, *, settling_seconds: int = SETTLING_SECONDS) -> None:
        self._engine = engine
        self._settling_seconds = settling_seconds

    async def audit(self) -> Findings:
        async with patient(self._engine) as engine, engine.connect() as connection:
            snapshot = await connection.execution_options(isolation_level="REPEATABLE READ")
            async with snapshot.begin():
                verifier = Verifier()
                chain_break = await _walk(snapshot, verifier)
                lost = await find_missing(snapshot, settling_seconds=self._settling_seconds)
                wrong = await miscounts(snapshot)
                unlike = () if chain_break else await _unlike_chain(snapshot, verifier)
        return Findings(
            sealed=verifier.number,
            head=verifier.head.hex(),
            chain_break=chain_break,
            unlike_chain=unlike,
            missing=lost.first(SHOWN),
            missing_total=len(lost.event_ids),
            miscounts=wrong,
        )

    async def drift(self) -> int:
        """How many comments the ledger cannot account for; the cheap part of an audit."""
        async with transaction(self._engine) as connection:
            lost = await find_missing(connection, settling_seconds=self._settling_seconds)
            return len(lost.event_ids)

    async def look(self) -> None:
        """Look what is missing, and keep it."""
        async with transaction(self._engine) as connection:
            lost = await find_missing(connection, settling_seconds=self._settling_seconds)
            await connection.execute(
                text("""
                    INSERT INTO conservation (at, missing, missing_comments)
                    VALUES (now(), :missing, :comments)
                    ON CONFLICT (is_last) DO UPDATE SET at = EXCLUDED.at,
                      missing = EXCLUDED.missing, missing_comments = EXCLUDED.missing_comments
                    """),
                {"missing": len(lost.event_ids), "comments": lost.comments},
            )

    async def balance(self) -> Balance:
        """The closing balance, with what is missing looked for now."""
        async with transaction(self._engine) as connection:
            lost = await find_missing(connection, settling_seconds=self._settling_seconds)
            return (await read_tally(connection)).balance(missing=lost.comments)


class Conservation:
    """Keeps for pages and metrics whether anything is missing, by looking again and again.

    It looks at once when an engagement is gone, since none is ever deleted; otherwise once in a
    while, and the more rarely the longer it takes.
    """

    def __init__(self, auditor: PostgresAuditor, engine: AsyncEngine, *, clock: Clock) -> None:
        self._auditor = auditor
        self._engine = engine
        self._clock = clock
        self._next = 0.0
        self._accepted = 0

    async def watch(self) -> None:
        """Look if it is time to; otherwise one small read."""
        async with transaction(self._engine) as connection:
            accepted = (await read_tally(connection)).count(lambda _: True)
        is_gone, self._accepted = accepted < self._accepted, accepted
        started = self._clock.monotonic()
        if is_gone or started >= self._next:
            await self._auditor.look()
            took = self._clock.monotonic() - started
            self._next = started + max(LOOK_SECONDS, LOOK_SHARE * took)


async def _walk(connection: AsyncConnection, verifier: Verifier) -> Break | None:
    async for entries in _chain(connection):
        found = verifier.check(entries)
        if found is not None:
            return found
    return None


async def _chain(connection: AsyncConnection) -> AsyncIterator[list[Sealed]]:
    after = 0
    while True:
        found = await connection.execute(
            text("SELECT * FROM audit_chain WHERE number > :after ORDER BY number LIMIT 5000"),
            {"after": after},
        )
        rows = found.all()
        if not rows:
            return
        yield [
            _sealed(row, number=row.number, entry_id=row.entry_id, digest=bytes(row.hash))
            for row in rows
        ]
        after = rows[-1].number


async def _unlike_chain(connection: AsyncConnection, verifier: Verifier) -> tuple[Any, ...]:
    """Engagements whose stored state differs from the last one that was sealed or is waiting."""
    waiting = await connection.execute(
        text("SELECT engagement_id, to_state FROM audit_entry WHERE to_state > '' ORDER BY id")
    )
    expected = verifier.states | {row.engagement_id: row.to_state for row in waiting}
    found = await connection.stream(text("SELECT id, state FROM engagement"))
    unlike = [row.id async for row in found if expected.pop(row.id, None) != row.state]
    return tuple([*unlike, *expected][:SHOWN])


def _sealed(row: Any, *, number: int, entry_id: int, digest: bytes = b"") -> Sealed:
    return Sealed(
        number=number,
        entry_id=entry_id,
        engagement_id=row.engagement_id,
        act=row.act,
        actor=row.actor,
        from_state=row.from_state,
        to_state=row.to_state,
        reason=row.reason,
        data=row.data,
        at=row.at,
        hash=digest,
    )


def _values(entry: Sealed, *, digest: bytes) -> dict[str, object]:
    return {
        "number": entry.number,
        "entry_id": entry.entry_id,
        "engagement_id": entry.engagement_id,
        "act": entry.act,
        "actor": entry.actor,
        "from_state": entry.from_state,
        "to_state": entry.to_state,
        "reason": entry.reason,
        "data": entry.data,
        "at": entry.at,
        "hash": bytea(digest),
    }

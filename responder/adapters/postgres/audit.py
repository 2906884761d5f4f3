"""The audit role's tables: seal the chain, record what the log held, and verify all of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from responder.adapters.postgres.chain_walk import read_head, sealed, walk_whole
from responder.adapters.postgres.engine import patient, transaction
from responder.adapters.postgres.findings import read_findings
from responder.adapters.postgres.generations import note_new_logs
from responder.adapters.postgres.missing import SETTLING_SECONDS, find_missing
from responder.adapters.postgres.pushes import note_bodies
from responder.adapters.postgres.recordset import bytea, insert_rows
from responder.adapters.postgres.tally import miscounts, read_tally
from responder.adapters.postgres.walks import noted_head
from responder.audit.chain import Head, Sealed, Verifier, seal
from responder.audit.ports import Check, Findings
from responder.engagement.events import EngagementReceived, Event
from responder.review.ports import Balance

SEALER_LOCK = 0x7365_616C
BATCH = 1_000
SHOWN = 100


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
    head = await read_head(connection)
    number, before = head.number, head.hash
    entries: list[dict[str, object]] = []
    for row in rows:
        number += 1
        entry = sealed(row, number=number, entry_id=row.id)
        before = seal(before, entry)
        entries.append(_values(entry, digest=before))
    await insert_rows(connection, "audit_chain", entries)
    await connection.execute(
        text("DELETE FROM audit_entry WHERE id = ANY(CAST(:ids AS bigint[]))"),
        {"ids": [row.id for row in rows]},
    )
    await connection.execute(text("NOTIFY responder_changes"))


class ReceivedIds:
    """Remembers what the log held, apart from triage, so that a loss in between shows.

    It also sees when one delivery id came with two bodies (see `pushes`), and when the log began
    anew (see `generations`).
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
            await note_new_logs(connection, rows)
            await insert_rows(connection, "received_id", rows, conflict="ON CONFLICT DO NOTHING")


class PostgresAuditor:
    """`audit.ports.Auditor` on PostgreSQL."""

    def __init__(self, engine: AsyncEngine, *, settling_seconds: int = SETTLING_SECONDS) -> None:
        self._engine = engine
        self._settling_seconds = settling_seconds

    async def audit(self, *, since: Head | None = None) -> Findings:
        async with patient(self._engine) as engine, engine.connect() as connection:
            snapshot = await connection.execution_options(isolation_level="REPEATABLE READ")
            async with snapshot.begin():
                heads = [await noted_head(snapshot), *([] if since is None else [since])]
                verifier = Verifier(noted={each.number: each.hash for each in heads})
                chain_break = await walk_whole(snapshot, verifier)
                lost = await find_missing(snapshot, settling_seconds=self._settling_seconds)
                wrong = await miscounts(snapshot)
                unlike = () if chain_break else await _unlike_chain(snapshot, verifier)
                new_logs = await read_findings(snapshot, Check.LOG, most=SHOWN)
        return Findings(
            head=verifier.head,
            chain_break=chain_break,
            unlike_chain=unlike,
            missing=lost[:SHOWN],
            missing_total=len(lost),
            miscounts=wrong,
            new_logs=new_logs,
        )

    async def drift(self) -> int:
        """How many comments the ledger cannot account for; the cheap part of an audit."""
        async with transaction(self._engine) as connection:
            lost = await find_missing(connection, settling_seconds=self._settling_seconds)
            return len(lost)

    async def balance(self, *, missing: int) -> Balance:
        """The closing balance, with so many that an audit has found to be missing."""
        async with transaction(self._engine) as connection:
            return (await read_tally(connection)).balance(missing=missing)

    async def head(self) -> Head:
        """The last entry of the chain, without a look at those before."""
        async with transaction(self._engine) as connection:
            return await read_head(connection)


async def _unlike_chain(connection: AsyncConnection, verifier: Verifier) -> tuple[UUID, ...]:
    """Engagements whose stored state differs from the last one that was sealed or is waiting."""
    waiting = await connection.execute(
        text("SELECT engagement_id, to_state FROM audit_entry WHERE to_state > '' ORDER BY id")
    )
    expected = verifier.states | {row.engagement_id: row.to_state for row in waiting}
    found = await connection.stream(text("SELECT id, state FROM engagement"))
    unlike = [row.id async for row in found if expected.pop(row.id, None) != row.state]
    return tuple([*unlike, *expected][:SHOWN])


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

"""Follows the sealed chain, whole or from a noted head on, and says where it does not hold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.audit.chain import MISSING, START, UNLIKE_HEAD, Break, Head, Sealed, Verifier
from responder.audit.ports import Check, Facts, Finding

AT_ONCE = 1_000
"""Entries that are hashed without giving way: some ten milliseconds."""


@dataclass(slots=True)
class Walked:
    """How far a walk came."""

    head: Head
    """The last entry that it saw. What does not hold is told, and stepped over."""
    findings: list[Finding] = field(default_factory=list)
    engagements: set[UUID] = field(default_factory=set)
    """Whose histories it saw something of."""
    is_at_end: bool = False


async def walk_whole(connection: AsyncConnection, verifier: Verifier) -> Break | None:
    """Follow the chain to its end, or to the first break."""
    while entries := await _entries(connection, after=verifier.head.number, most=5 * AT_ONCE):
        found = verifier.check(entries)
        if found is not None:
            return found
    return verifier.end()


async def walk_on(connection: AsyncConnection, noted: Head, *, most: int) -> Walked:
    """Follow it from a head that was noted, for so many entries."""
    walked = await _begin(connection, noted)
    while most > 0 and not walked.is_at_end:
        wanted = min(AT_ONCE, most)
        entries = await _entries(connection, after=walked.head.number, most=wanted)
        await _follow(connection, walked, entries)
        walked.is_at_end = len(entries) < wanted
        most -= len(entries)
    return walked


async def broken_still(connection: AsyncConnection, findings: Collection[Finding]) -> set[str]:
    """The names of those that still do not hold."""
    still = set()
    for each in findings:
        if noted := each.facts.get("noted"):
            head = Head.read(str(noted))
            holds = await _hash_at(connection, head.number) == head.hash
        else:
            holds = await _holds_at(connection, int(each.facts["number"] or 0))
        if not holds:
            still.add(each.name)
    return still


async def read_head(connection: AsyncConnection) -> Head:
    """The last entry of the chain, as it stands there."""
    found = await connection.execute(
        text("SELECT number, hash FROM audit_chain ORDER BY number DESC LIMIT 1")
    )
    row = found.one_or_none()
    return START if row is None else Head(row.number, bytes(row.hash))


def sealed(row: Any, *, number: int, entry_id: int, digest: bytes = b"") -> Sealed:
    """An entry as it is hashed, from a row of the chain or one that waits."""
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


async def _begin(connection: AsyncConnection, noted: Head) -> Walked:
    """Is the noted head where it was? Otherwise go on from what stands there now."""
    stands = await _hash_at(connection, noted.number)
    if stands == noted.hash:
        return Walked(noted)
    if stands is not None:
        what, at = Break(number=noted.number, what=UNLIKE_HEAD), Head(noted.number, stands)
    else:
        at = await _last_before(connection, noted.number)
        what = Break(number=at.number + 1, what=MISSING)
    return Walked(at, [_finding(what, noted=str(noted))])


async def _follow(connection: AsyncConnection, walked: Walked, entries: Sequence[Sealed]) -> None:
    if not entries:
        return
    ids = {each.engagement_id for each in entries if each.engagement_id is not None}
    states = await _states_before(connection, ids, entries[0].number)
    verifier = Verifier(walked.head, states=states)
    rest = list(entries)
    while rest and (found := verifier.check(rest)) is not None:
        walked.findings.append(_finding(found))
        stepped_over = next(each for each in rest if each.number >= found.number)
        verifier.skip(stepped_over)
        rest = [each for each in rest if each.number > stepped_over.number]
    walked.head = verifier.head
    walked.engagements |= ids


async def _holds_at(connection: AsyncConnection, number: int) -> bool:
    """Whether this entry and the one behind it continue the one before."""
    before = await _hash_at(connection, number - 1)
    if before is None:
        return False
    walked = await walk_on(connection, Head(number - 1, before), most=2)
    return not walked.findings and walked.head.number >= number


async def _entries(connection: AsyncConnection, *, after: int, most: int) -> list[Sealed]:
    found = await connection.execute(
        text("SELECT * FROM audit_chain WHERE number > :after ORDER BY number LIMIT :most"),
        {"after": after, "most": most},
    )
    return [
        sealed(row, number=row.number, entry_id=row.entry_id, digest=bytes(row.hash))
        for row in found
    ]


async def _states_before(
    connection: AsyncConnection, ids: Collection[UUID], number: int
) -> dict[UUID, str]:
    """The state that each engagement had before this entry; without those that had none."""
    found = await connection.execute(
        text("""
            SELECT k.id, c.to_state FROM unnest(CAST(:ids AS uuid[])) AS k (id)
            CROSS JOIN LATERAL (SELECT to_state FROM audit_chain
              WHERE engagement_id = k.id AND number < :number AND to_state IS NOT NULL
              ORDER BY number DESC LIMIT 1) c
            """),
        {"ids": sorted(ids), "number": number},
    )
    return {row.id: row.to_state for row in found}


async def _hash_at(connection: AsyncConnection, number: int) -> bytes | None:
    if number == START.number:
        return START.hash
    found = await connection.execute(
        text("SELECT hash FROM audit_chain WHERE number = :number"), {"number": number}
    )
    row = found.one_or_none()
    return None if row is None else bytes(row.hash)


async def _last_before(connection: AsyncConnection, number: int) -> Head:
    found = await connection.execute(
        text("""
            SELECT number, hash FROM audit_chain WHERE number < :number ORDER BY number DESC LIMIT 1
            """),
        {"number": number},
    )
    row = found.one_or_none()
    return START if row is None else Head(row.number, bytes(row.hash))


def _finding(found: Break, **more: str) -> Finding:
    facts: Facts = {
        "number": found.number,
        "what": found.what,
        "entry_id": found.entry_id,
        "engagement_id": None if found.engagement_id is None else str(found.engagement_id),
        **more,
    }
    return Finding(check=Check.CHAIN, name=str(found.number), facts=facts)

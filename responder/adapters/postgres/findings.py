"""What the live audit found and still holds to be so: a row each, until it is mended."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from responder.adapters.postgres.recordset import insert_rows
from responder.audit.ports import Check, Finding

MOST = 10_000
"""Of one check. Who lost a whole ledger need not be told by each of its ids."""


async def keep(connection: AsyncConnection, findings: Iterable[Finding]) -> None:
    """Remember these; what is known already stays as it was found first."""
    new = {(each.check, each.name): each for each in findings}
    if not new:
        return
    known = await totals(connection)
    room = {check: MOST - known.get(check, 0) for check, _ in new}
    rows: list[Mapping[str, object]] = []
    for each in new.values():
        room[each.check] -= 1
        if room[each.check] >= 0:
            rows.append({"kind": each.check, "name": each.name, "facts": dict(each.facts)})
    await insert_rows(connection, "audit_finding", rows, conflict="ON CONFLICT DO NOTHING")


async def read_findings(
    connection: AsyncConnection, check: Check, *, most: int
) -> tuple[Finding, ...]:
    """The last found first."""
    found = await connection.execute(
        text("""
            SELECT * FROM audit_finding WHERE kind = :kind ORDER BY found_at DESC, name LIMIT :most
            """),
        {"kind": check, "most": most},
    )
    return tuple(_finding(row) for row in found)


async def drop_all_but(
    connection: AsyncConnection, check: Check, names: Collection[str]
) -> tuple[Finding, ...]:
    """Forget what is mended, which is all of this check but these; gives what was."""
    found = await connection.execute(
        text("""
            DELETE FROM audit_finding WHERE kind = :kind AND name NOT IN
              (SELECT unnest(CAST(:names AS text[]))) RETURNING *
            """),
        {"kind": check, "names": sorted(names)},
    )
    return tuple(_finding(row) for row in found)


async def tell(connection: AsyncConnection) -> tuple[Finding, ...]:
    """What nobody was told of yet; from now on somebody was."""
    found = await connection.execute(
        text("""
            UPDATE audit_finding SET told_at = now() WHERE told_at IS NULL RETURNING *
            """)
    )
    return tuple(sorted((_finding(row) for row in found), key=lambda each: (each.check, each.name)))


async def totals(connection: AsyncConnection) -> Mapping[Check, int]:
    """How many there are, of the checks that have any."""
    found = await connection.execute(
        text("SELECT kind, count(*) AS items FROM audit_finding GROUP BY kind")
    )
    return {Check(row.kind): row.items for row in found}


def _finding(row: Any) -> Finding:
    return Finding(check=Check(row.kind), name=row.name, facts=row.facts, found_at=row.found_at)

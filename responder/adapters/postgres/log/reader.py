"""Read records of several partitions in one statement."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import asyncpg

from responder.adapters.postgres.log import headers
from responder.adapters.postgres.log.session import Connection, Refusal, Session
from responder.stream.log import Assignment, Corrupt, Record

SLICE_RECORDS = 100
"""At most so many of one partition a read, so that no partition keeps the others waiting."""
SLICE_BYTES = 1024 * 1024
"""A slice ends with the record that reaches it; it holds at least one."""

_READ = """
SELECT w.n, r."offset", r.key, r.value, r.headers::text AS headers, r.appended_at
  FROM unnest($1::text[], $2::int[], $3::bigint[], $4::int[])
       WITH ORDINALITY AS w (topic, partition, start, size, n)
 CROSS JOIN LATERAL (
    SELECT s.*, sum(octet_length(s.value)) OVER (ORDER BY s."offset") - octet_length(s.value) AS before
      FROM (SELECT * FROM log_record AS stored
             WHERE (stored.topic, stored.partition) = (w.topic, w.partition)
               AND stored."offset" >= w.start
             ORDER BY stored."offset" LIMIT w.size) AS s) AS r
 WHERE r.before < $5 ORDER BY w.n, r."offset"
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The next offset to read, and how many records there is room for."""

    start: int
    room: int


@dataclass(slots=True)
class Found:
    """Records by assignment, none of them empty; and where a partition cannot be read."""

    records: dict[Assignment, list[Record]] = field(default_factory=dict)
    corrupt: list[Corrupt] = field(default_factory=list)


class Reader:
    """Reads on one session."""

    def __init__(self, session: Session, *, within: float) -> None:
        self._session = session
        self._within = within

    async def read(self, wanted: Mapping[Assignment, Wanted]) -> Found:
        """A slice of each; raises what `Session.call` does."""
        try:
            return _decoded(wanted, await self._rows(wanted))
        except Refusal as refusal:
            if not refusal.is_corruption:
                raise
        return await self._one_by_one(wanted)

    async def _one_by_one(self, wanted: Mapping[Assignment, Wanted]) -> Found:
        """Some page is damaged: find the partition, and the record."""
        all_found = Found()
        for assignment, one in wanted.items():
            found = await self._carefully(assignment, one)
            all_found.records |= found.records
            all_found.corrupt += found.corrupt
        return all_found

    async def _carefully(self, assignment: Assignment, one: Wanted) -> Found:
        for room in (one.room, 1):
            with suppress(Refusal):
                rows = await self._rows({assignment: Wanted(one.start, room)})
                return _decoded({assignment: one}, rows)
        return Found(corrupt=[Corrupt(assignment.partition, one.start, "the page is damaged")])

    async def _rows(self, wanted: Mapping[Assignment, Wanted]) -> Sequence[asyncpg.Record]:
        async def fetch(connection: Connection) -> Sequence[asyncpg.Record]:
            return await connection.fetch(
                _READ,
                [a.partition.topic for a in wanted],
                [a.partition.number for a in wanted],
                [one.start for one in wanted.values()],
                [min(one.room, SLICE_RECORDS) for one in wanted.values()],
                SLICE_BYTES,
            )

        return await self._session.call(fetch, within=self._within)


def _decoded(wanted: Mapping[Assignment, Wanted], rows: Sequence[asyncpg.Record]) -> Found:
    found = Found()
    order = list(wanted)
    stuck: set[Assignment] = set()
    for row in rows:
        assignment = order[row["n"] - 1]
        if assignment in stuck:
            continue
        try:
            record = _record(assignment, row)
        except ValueError as e:
            stuck.add(assignment)
            found.corrupt.append(Corrupt(assignment.partition, row["offset"], str(e)))
        else:
            found.records.setdefault(assignment, []).append(record)
    return found


def _record(assignment: Assignment, row: asyncpg.Record) -> Record:
    return Record(
        assignment.partition,
        row["offset"],
        row["key"],
        row["value"],
        headers.from_json(row["headers"]),
        row["appended_at"],
    )

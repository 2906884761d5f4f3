"""Append to the log kept in PostgreSQL.

Whatever is waiting when the last append is durable goes into the next one together, so many
writers share one commit; there is never more than one in flight, and nobody waits for company. An
append is one statement: it locks the rows of its partitions in one order, numbers the records from
them, and is visible as a whole or not at all.
"""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from responder.adapters.postgres.log import headers
from responder.adapters.postgres.log.session import Connection, Refusal, Session
from responder.engagement.ports import Clock
from responder.stream.log import (
    NewRecord,
    Partition,
    Position,
    Rejected,
    TopicClosed,
    Unknown,
    Unreachable,
)
from responder.stream.partitioning import partition_for

MAX_RECORD_BYTES = 1_048_576
"""Of key, value and headers together: about what Kafka takes by default."""
BATCH_RECORDS = 1_000
BATCH_BYTES = 4 * 1024 * 1024
MAX_WAITING_BYTES = 32 * 1024 * 1024

RECORDS_CHANNEL = "responder_log_records"

_PARTITIONS = "SELECT topic, count(*)::int AS partitions FROM log_partition GROUP BY topic"

# Under READ COMMITTED the update sees the newest row once it has the lock, whatever its snapshot.
_APPEND = """
WITH incoming AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::bytea[], $4::bytea[], $5::text[])
             WITH ORDINALITY AS r (topic, partition, key, value, headers, n)
), locked AS (
    SELECT topic, partition FROM log_partition
     WHERE (topic, partition) IN (SELECT topic, partition FROM incoming)
     ORDER BY topic, partition FOR UPDATE
), moved AS (
    UPDATE log_partition p SET next_offset = p.next_offset + c.size
      FROM (SELECT topic, partition, count(*) AS size
              FROM incoming JOIN locked USING (topic, partition) GROUP BY 1, 2) AS c
     WHERE (p.topic, p.partition) = (c.topic, c.partition)
    RETURNING p.topic, p.partition, p.next_offset - c.size AS first
), stored AS (
    INSERT INTO log_record (topic, partition, "offset", key, value, headers)
    SELECT topic, partition,
           first + row_number() OVER (PARTITION BY topic, partition ORDER BY n) - 1,
           key, value, headers::jsonb
      FROM incoming JOIN moved USING (topic, partition)
)
SELECT topic, partition, first, pg_notify($6, topic || '/' || partition) FROM moved
"""


@dataclass(frozen=True, slots=True)
class _Row:
    partition: Partition
    key: bytes | None
    value: bytes
    headers: str

    @property
    def size(self) -> int:
        return len(self.key or b"") + len(self.value) + len(self.headers)


@dataclass(eq=False, slots=True)
class _Append:
    """One call that waits for its answer."""

    rows: list[_Row]
    deadline: float
    answer: "asyncio.Future[list[Position]]" = field(default_factory=asyncio.Future)
    is_sent: bool = False

    @property
    def size(self) -> int:
        return sum(row.size for row in self.rows)


class PostgresLogWriter:
    """Implements `LogWriter`. One connection; any number of concurrent appends."""

    def __init__(
        self,
        dsn: str,
        *,
        clock: Clock,
        append_seconds: float = 15.0,
        connect_seconds: float = 5.0,
        stop_seconds: float = 10.0,
    ) -> None:
        """Nothing is opened before the first append.

        Args:
            dsn: `postgresql://…`, direct: not through a pooler that shares connections.
            clock: for the limits.
            append_seconds: the longest an append may take before it is `Unknown`.
            connect_seconds: the longest a connection may take.
            stop_seconds: the longest that `stop` waits for appends under way.
        """
        self._session = Session(dsn, connect_seconds=connect_seconds)
        self._clock = clock
        self._append_seconds = append_seconds
        self._stop_seconds = stop_seconds
        self._partitions: dict[str, int] = {}
        self._unkeyed = itertools.count()
        self._waiting: deque[_Append] = deque()
        self._waiting_bytes = 0
        self._sending: asyncio.Task[None] | None = None
        self._is_stopped = False

    async def append(self, records: Sequence[NewRecord]) -> list[Position]:
        """See the port. All records of one call are there, or none."""
        if not records:
            return []
        deadline = self._clock.monotonic() + self._append_seconds
        append = _Append([await self._row(record, deadline) for record in records], deadline)
        self._enqueue(append)
        try:
            async with asyncio.timeout(deadline - self._clock.monotonic()):
                return await append.answer
        except TimeoutError:
            if append.is_sent:
                raise Unknown("no answer in time") from None
            raise Unreachable("earlier appends have no answer") from None

    async def stop(self) -> None:
        """See the port."""
        self._is_stopped = True
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=self._stop_seconds)
            self._sending.cancel()
            await asyncio.wait([self._sending])
        self._refuse_waiting()
        await self._session.close()

    def _enqueue(self, append: _Append) -> None:
        if self._is_stopped:
            raise Unreachable("the writer is stopped")
        if self._waiting_bytes > MAX_WAITING_BYTES:
            raise Unreachable("too much is waiting to be appended")
        self._waiting.append(append)
        self._waiting_bytes += append.size
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())

    def _refuse_waiting(self) -> None:
        for append in self._waiting:
            if not append.answer.done():
                append.answer.set_exception(Unreachable("the writer is stopped"))
        self._waiting.clear()

    async def _send_all(self) -> None:
        while self._waiting:
            if batch := self._next_batch():
                await self._send(batch)

    def _next_batch(self) -> list[_Append]:
        batch = [self._waiting.popleft()]
        records, size = len(batch[0].rows), batch[0].size
        while self._waiting:
            records += len(self._waiting[0].rows)
            size += self._waiting[0].size
            if records > BATCH_RECORDS or size > BATCH_BYTES:
                break
            batch.append(self._waiting.popleft())
        self._waiting_bytes -= sum(append.size for append in batch)
        return [append for append in batch if not append.answer.done()]  # some gave up

    async def _send(self, batch: list[_Append]) -> None:
        """One statement for all; when the database refuses it, one for each: one may be to blame."""
        try:
            await self._store(batch)
        except Refusal as refusal:
            if len(batch) == 1:
                _fail(batch, _meaning(refusal))
            else:
                for append in batch:
                    await self._send([append])
        except asyncio.CancelledError:
            _fail(batch, Unknown("the writer was stopped"))
            raise
        except Exception as error:  # noqa: BLE001 - every caller that waits sees it
            _fail(batch, error)

    async def _store(self, batch: list[_Append]) -> None:
        rows = [row for append in batch for row in append.rows]
        within = max(append.deadline for append in batch) - self._clock.monotonic()

        async def insert(connection: Connection) -> list[asyncpg.Record]:
            for append in batch:
                append.is_sent = True
            return await connection.fetch(
                _APPEND,
                [row.partition.topic for row in rows],
                [row.partition.number for row in rows],
                [row.key for row in rows],
                [row.value for row in rows],
                [row.headers for row in rows],
                RECORDS_CHANNEL,
            )

        first = {
            Partition(row["topic"], row["partition"]): row["first"]
            for row in await self._session.call(insert, within=within)
        }
        _answer(batch, first)

    async def _row(self, new: NewRecord, deadline: float) -> _Row:
        partition = Partition(new.topic, await self._number(new, deadline))
        row = _Row(partition, new.key, new.value, headers.to_json(new.headers))
        if row.size > MAX_RECORD_BYTES:
            raise Rejected(f"a record of {row.size} bytes is larger than {MAX_RECORD_BYTES}")
        return row

    async def _number(self, new: NewRecord, deadline: float) -> int:
        if new.topic not in self._partitions:
            await self._look_up(deadline)
        if new.topic not in self._partitions:
            raise TopicClosed(new.topic, "there is none")
        count = self._partitions[new.topic]
        if new.key is None:
            return next(self._unkeyed) % count
        return partition_for(new.key, count)

    async def _look_up(self, deadline: float) -> None:
        async def select(connection: Connection) -> list[asyncpg.Record]:
            return await connection.fetch(_PARTITIONS)

        try:
            found = await self._session.call(select, within=deadline - self._clock.monotonic())
        except (Unknown, Refusal) as e:
            raise Unreachable(str(e)) from e
        self._partitions = {row["topic"]: row["partitions"] for row in found}


def _answer(batch: list[_Append], first: dict[Partition, int]) -> None:
    counted: Counter[Partition] = Counter(first)
    for append in batch:
        positions = []
        for row in append.rows:
            positions.append(Position(row.partition, counted[row.partition]))
            counted[row.partition] += 1
        if not append.answer.done():
            append.answer.set_result(positions)


def _fail(batch: list[_Append], error: Exception) -> None:
    for append in batch:
        if not append.answer.done():
            append.answer.set_exception(error)


def _meaning(refusal: Refusal) -> Exception:
    """Data that PostgreSQL will never take, or a state of the server that will pass."""
    if refusal.sqlstate[:2] in {"22", "23", "54"}:
        return Rejected(str(refusal))
    return Unreachable(str(refusal))

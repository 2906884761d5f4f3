"""Taking records out of aiokafka's prefetch buffer: fairly, within room, never past a bad one.

Four of aiokafka's habits shape this module; the numbers are those of
`docs/explanation/aiokafka.md`.

- `getmany` without a list of partitions serves one of them for thousands of records before the
  next (trap 8), and a *waiting* `getmany` on a list is slow (9). So while anything is buffered the
  partitions are asked one by one, a slice each, without waiting; and only when every partition may
  give something, one waiting call asks for all.
- A cancelled `getmany` switches off the client's own idle check for ever (1). So a waiting call is
  never cancelled: when the poll must return earlier, the call goes on, and what it brings is held
  for the next poll.
- `getmany` waits without limit for the next assignment during a rebalance (2). So it is not called
  then; the poll waits here, where it can be woken.
- An unreadable batch comes out as an exception that tells neither its offset nor the readable
  records before it, again and again (18). So such a partition is read one record at a time, until
  the exception comes with nothing before it: there it stands.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import aiokafka.errors as kafka  # type: ignore[import-untyped]
from aiokafka import AIOKafkaConsumer, TopicPartition

from responder.adapters.kafka.connection import reason
from responder.adapters.kafka.ownership import Ownership
from responder.engagement.ports import Clock
from responder.stream.log import Assignment, Corrupt, LogError, Unreachable

SLICE = 500
"""Records of one partition in one turn: of a hundred, three would be of the same key, and each key
that has a turn has its price."""
TURN_SECONDS = 0.01
"""Between two turns while a full partition forbids the waiting call."""
LONGEST_WAIT_SECONDS = 1.0
"""Of one waiting call: how long an abandoned one may go on."""
CAREFUL_SECONDS = 5.0
"""A partition that gave an exception is read one record at a time for so long."""
CORRUPT_RETRY_SECONDS = 30.0
"""A bad batch may be a bad replica's: after a failover it is good again."""

_UNREADABLE = (
    kafka.CorruptRecordException,
    kafka.UnsupportedCodecError,
    kafka.RecordTooLargeError,
)

Batch = dict[Assignment, list[Any]]


class Reader:
    """Reads what `Ownership` says is ours; one `poll` at a time."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        ownership: Ownership,
        *,
        clock: Clock,
        pause_after_seconds: float,
    ) -> None:
        self._consumer = consumer
        self._ownership = ownership
        self._clock = clock
        self._pause_after = pause_after_seconds
        self._turn = 0
        self._held: dict[TopicPartition, list[Any]] = {}
        self._careful_until: dict[TopicPartition, float] = {}
        self._corrupt_until: dict[TopicPartition, float] = {}
        self._full_since: dict[TopicPartition, float] = {}
        self._paused: set[TopicPartition] = set()
        self._call: asyncio.Task[dict[TopicPartition, list[Any]]] | None = None
        self._stir: asyncio.Future[None] | None = None
        self._woken = False

    async def poll(self, room: Mapping[Assignment, int], wait: float) -> Batch:
        """Raw records by assignment; see `Log.poll`."""
        deadline = self._clock.monotonic() + wait
        while True:
            # Without data to wait for, nothing below suspends: the event loop would starve (3).
            await asyncio.sleep(0)
            # From here to the return nothing suspends: what is taken is of the present owner.
            if self._ownership.is_settled and (batch := await self._take(room)):
                return batch
            remaining = deadline - self._clock.monotonic()
            if self._woken or remaining <= 0:
                self._woken = False
                return {}
            await self._until_stirred(room, remaining)

    def wake(self) -> None:
        """End the waiting poll, or the next one."""
        self._woken = True
        self.stir()

    def stir(self) -> None:
        """Let a waiting poll look again: the ownership has changed."""
        if self._stir is not None and not self._stir.done():
            self._stir.set_result(None)

    def forget(self) -> None:
        """The partitions are no longer ours, nor is what was taken of them and not delivered."""
        if self._call is not None and self._call.done():
            self._call.exception()
            self._call = None  # an unfinished one will bring records of the next assignment
        for memory in (self._held, self._careful_until, self._corrupt_until, self._full_since):
            memory.clear()
        self._paused.clear()

    async def close(self) -> None:
        """End the waiting call. Only once the client is closed: see trap 1."""
        if self._call is not None:
            self._call.cancel()
            await asyncio.gather(self._call, return_exceptions=True)

    async def _take(self, room: Mapping[Assignment, int]) -> Batch:
        self._collect()
        open_ = {a: n for a, n in room.items() if n > 0 and self._ownership.owns(a)}
        self._pause_and_resume(open_)
        self._turn += 1
        batch: Batch = {}
        try:
            for assignment in _rotated(sorted(open_, key=_by_partition), self._turn):
                if records := await self._take_from(assignment, open_[assignment]):
                    batch[assignment] = records
        except LogError:
            self._hold(batch)
            raise
        return batch

    def _hold(self, batch: Batch) -> None:
        for assignment, records in batch.items():
            wire = self._ownership.wire(assignment.partition)
            self._held[wire] = records + self._held.get(wire, [])

    async def _take_from(self, assignment: Assignment, room: int) -> list[Any]:
        wire = self._ownership.wire(assignment.partition)
        if held := self._held.pop(wire, []):
            if held[room:]:
                self._held[wire] = held[room:]
            return held[:room]
        if wire in self._corrupt_until:
            return []
        is_careful = self._clock.monotonic() < self._careful_until.get(wire, 0)
        most = 1 if is_careful else min(room, SLICE)
        try:
            got = await self._consumer.getmany(wire, timeout_ms=0, max_records=most)
        except Exception as e:  # noqa: BLE001 - re-raised as the port knows it, now or at the exact place
            self._refuse_unless_unreadable(e)
            if is_careful:
                await self._stop_at(assignment, wire, e)
            self._careful_until[wire] = self._clock.monotonic() + CAREFUL_SECONDS
            return []
        records: list[Any] = got.get(wire, [])
        return records

    async def _stop_at(self, assignment: Assignment, wire: TopicPartition, e: Exception) -> None:
        self._corrupt_until[wire] = self._clock.monotonic() + CORRUPT_RETRY_SECONDS
        self._pause(wire)
        offset = await self._consumer.position(wire)
        raise Corrupt(assignment.partition, offset, type(e).__name__) from e

    @staticmethod
    def _refuse_unless_unreadable(e: BaseException) -> None:
        if isinstance(e, kafka.KafkaError) and not isinstance(e, _UNREADABLE):
            raise Unreachable(f"Kafka {reason(e)}") from e

    def _pause_and_resume(self, open_: Collection[Assignment]) -> None:
        """Pause only what has had no room for long: pausing throws away what is prefetched (9)."""
        now = self._clock.monotonic()
        wanted = {self._ownership.wire(a.partition) for a in open_}
        for wire in (self._ownership.wire(a.partition) for a in self._ownership.current):
            if self._corrupt_until.get(wire, now) < now:
                del self._corrupt_until[wire]
            if wire not in wanted:
                if now - self._full_since.setdefault(wire, now) > self._pause_after:
                    self._pause(wire)
                continue
            self._full_since.pop(wire, None)
            if wire in self._paused and wire not in self._corrupt_until:
                self._paused.remove(wire)
                self._consumer.resume(wire)

    def _pause(self, wire: TopicPartition) -> None:
        self._paused.add(wire)
        self._consumer.pause(wire)

    async def _until_stirred(self, room: Mapping[Assignment, int], seconds: float) -> None:
        self._stir = asyncio.get_running_loop().create_future()
        events: set[asyncio.Future[Any]] = {self._stir}
        if self._ownership.is_settled:
            if self._may_wait_for_all(room):
                events.add(self._waiting_call(room, seconds))
            else:
                seconds = min(seconds, TURN_SECONDS)
        await asyncio.wait(events, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    def _may_wait_for_all(self, room: Mapping[Assignment, int]) -> bool:
        now = self._clock.monotonic()
        if any(
            until > now for wire, until in self._careful_until.items() if wire not in self._paused
        ):
            return False
        return all(
            room.get(a, 0) > 0 or self._ownership.wire(a.partition) in self._paused
            for a in self._ownership.current
        )

    def _waiting_call(
        self, room: Mapping[Assignment, int], seconds: float
    ) -> asyncio.Task[dict[TopicPartition, list[Any]]]:
        if self._call is None:
            most = min((n for n in room.values() if n > 0), default=SLICE)
            call = self._consumer.getmany(
                timeout_ms=int(min(seconds, LONGEST_WAIT_SECONDS) * 1_000),
                max_records=min(most, SLICE),
            )
            self._call = asyncio.create_task(call)
        return self._call

    def _collect(self) -> None:
        if self._call is None or not self._call.done():
            return
        call, self._call = self._call, None
        if error := call.exception():
            self._refuse_unless_unreadable(error)
            # It does not say whose it was: for a while every partition is asked alone.
            until = self._clock.monotonic() + CAREFUL_SECONDS
            for assignment in self._ownership.current:
                self._careful_until[self._ownership.wire(assignment.partition)] = until
            return
        for wire, records in call.result().items():
            self._held.setdefault(wire, []).extend(records)


def _by_partition(assignment: Assignment) -> tuple[str, int]:
    return assignment.partition.topic, assignment.partition.number


def _rotated(assignments: Sequence[Assignment], by: int) -> Sequence[Assignment]:
    start = by % len(assignments) if assignments else 0
    return [*assignments[start:], *assignments[:start]]

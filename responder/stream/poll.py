"""The poll loop: the sole reader of the log. It is never cancelled, and nothing else lives in it.

A rebalance can hold a poll for seconds, so no timer, commit or health check waits behind one.
Back-pressure is: not to ask.
"""

import asyncio
from collections.abc import Mapping, Sequence

from responder.stream.buffer import Buffer
from responder.stream.environment import Environment
from responder.stream.lanes import Lanes, Shelf
from responder.stream.log import Assignment, Corrupt, Log, Partition, Record, Unreachable
from responder.stream.workers import Workers

SAMPLES_MAX = 64


class PollLoop:
    """Reads while there is room, and shelves what was read.

    Args:
        shelves: those that are owned at the time.
    """

    def __init__(
        self,
        *,
        log: Log,
        shelves: Mapping[Assignment, Shelf],
        lanes: Lanes,
        workers: Workers,
        environment: Environment,
    ) -> None:
        self._log = log
        self._shelves = shelves
        self._lanes = lanes
        self._workers = workers
        self._clock = environment.clock
        self._observer = environment.observer
        self._options = options = environment.options
        self._buffer = Buffer(
            lanes, records=options.buffer_records, size_bytes=options.buffer_bytes
        )
        self._space = asyncio.Event()
        self._asked: Mapping[Assignment, int] = {}
        self._corrupt_at: dict[Partition, float] = {}
        self._low_water = -1
        self._is_stopping = False
        self._turned_at = self._clock.monotonic()

    async def run(self) -> None:
        """Poll until `stop`.

        Raises:
            Unreachable: the membership is lost for good.
            Exception: what a callback of the log has raised.
        """
        while not self._is_stopping:
            self._turned_at = self._clock.monotonic()
            room = self._room()
            if self._shelves and not room:
                await self._wait_for_space()
                continue
            self._shelve(await self._poll(room))
            await asyncio.sleep(0)

    def stop(self) -> None:
        """Let `run` return when the poll that it is in has come back."""
        self._is_stopping = True
        self._space.set()
        self._log.wake()

    @property
    def age(self) -> float:
        """Seconds since the loop last came round."""
        return self._clock.monotonic() - self._turned_at

    def is_asking(self, assignment: Assignment) -> bool:
        """Whether there is room for more of this, and it was readable of late."""
        corrupt_at = self._corrupt_at.get(assignment.partition)
        is_readable = (
            corrupt_at is None or self._clock.monotonic() - corrupt_at > self._options.fetch_stall
        )
        return is_readable and assignment in self._asked

    def look_again(self) -> None:
        """There may be room, or a new assignment, that only another turn of the loop sees."""
        self._space.set()

    def freed(self) -> None:
        """Something left the buffer: ask those that were left out, as soon as that is worth it."""
        if self._lanes.records <= self._low_water:
            self._low_water = -1
            self._space.set()
            self._log.wake()

    async def _poll(self, room: Mapping[Assignment, int]) -> Mapping[Assignment, Sequence[Record]]:
        try:
            return await self._log.poll(room, self._options.poll_wait)
        except Corrupt as corrupt:
            self._corrupt_at[corrupt.partition] = self._clock.monotonic()
            self._observer.corrupt(corrupt)
            await self._clock.sleep(self._options.poll_wait)
            return {}
        except asyncio.CancelledError as cancelled:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            raise Unreachable("the log's client has cancelled its own poll") from cancelled

    def _room(self) -> Mapping[Assignment, int]:
        self._asked = self._buffer.room(self._shelves.values())
        is_anyone_left_out = len(self._asked) < len(self._shelves)
        self._low_water = self._lanes.records - self._buffer.chunk if is_anyone_left_out else -1
        return self._asked

    async def _wait_for_space(self) -> None:
        self._space.clear()
        deadline = self._clock.monotonic() + self._options.keepalive
        while not self._is_stopping and not self._room():
            if self._clock.monotonic() >= deadline:
                await self._log.keepalive()
                return
            await self._space.wait()
            self._space.clear()

    def _shelve(self, batch: Mapping[Assignment, Sequence[Record]]) -> None:
        """Register what was read. There is no await between the poll and this."""
        now = self._clock.monotonic()
        for assignment, records in batch.items():
            shelf = self._shelves.get(assignment)
            if shelf is None or shelf.is_leaving or not records:
                continue
            oldest_at = records[0].appended_at.timestamp()
            for run in unbroken(records):
                shelf.window.start(run, oldest_at)
            self._sample(shelf, records[0].offset, now)
            self._lanes.put(shelf, records)
        self._workers.wake()

    @staticmethod
    def _sample(shelf: Shelf, offset: int, now: float) -> None:
        if len(shelf.samples) >= SAMPLES_MAX:
            shelf.samples.clear()
        shelf.samples[offset] = now


def unbroken(records: Sequence[Record]) -> list[range]:
    """The offsets of these records as runs without a gap."""
    first, last = records[0].offset, records[-1].offset
    if last - first + 1 == len(records):
        return [range(first, last + 1)]
    runs: list[range] = []
    start = end = first
    for record in records:
        if record.offset != end:
            runs.append(range(start, end))
            start = record.offset
        end = record.offset + 1
    return [*runs, range(start, end)]

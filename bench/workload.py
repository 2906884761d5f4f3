"""What the rows of the consumer runtime handle: the same records for everybody, from one seed.

A record's id is its place in the workload; it travels in the value, with the time that its handler
takes. The offset follows: a topic is filled once, in the order of the ids, by one idempotent
producer, so in each partition offsets count up from 0 without a gap.
"""

import heapq
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Self

_HEAD = struct.Struct("<QQ")
VALUE_BYTES = 450
_FILLER = (b'{"text":"Does this also come in blue? My sister wants one for her birthday."}' * 9)[
    : VALUE_BYTES - _HEAD.size
]
SEED = 7


@dataclass(frozen=True)
class Work:
    """So many records, of which keys, and how long the handler of each takes.

    Args:
        keys: the number of each record's key; its partition follows from that.
        micros: what the handler of each waits for, in microseconds.
    """

    partitions: int
    keys: Sequence[int]
    micros: Sequence[int]

    @classmethod
    def idle(cls, records: int, *, partitions: int, keys: int) -> Self:
        """Handlers that do nothing; keys at random."""
        chance = _chance()
        return cls(partitions, [chance.randrange(keys) for _ in range(records)], [0] * records)

    @classmethod
    def constant(cls, records: int, *, keys: int, seconds: float) -> Self:
        """One partition, each handler as long as the next; keys in turn."""
        turns = [number % keys for number in range(records)]
        return cls(1, turns, [int(seconds * 1e6)] * records)

    @classmethod
    def uniform(cls, records: int, *, keys: int, most_seconds: float) -> Self:
        """One partition, handlers of 0 to `most_seconds`; keys in turn."""
        chance = _chance()
        turns = [number % keys for number in range(records)]
        micros = [int(chance.uniform(0, most_seconds) * 1e6) for _ in range(records)]
        return cls(1, turns, micros)

    @classmethod
    def lognormal(cls, records: int, *, partitions: int, keys: int) -> Self:
        """As a model's answers come: median 0.3 s, σ 0.8, at most 5 s; keys at random."""
        chance = _chance()
        micros = [int(min(5.0, 0.3 * chance.lognormvariate(0, 0.8)) * 1e6) for _ in range(records)]
        return cls(partitions, [chance.randrange(keys) for _ in range(records)], micros)

    def __len__(self) -> int:
        return len(self.keys)

    def partition(self, record: int) -> int:
        return self.keys[record] % self.partitions

    @cached_property
    def by_partition(self) -> Sequence[Sequence[int]]:
        """The ids of each partition's records, in their order: the offset is the place."""
        found: list[list[int]] = [[] for _ in range(self.partitions)]
        for record in range(len(self)):
            found[self.partition(record)].append(record)
        return found

    def key(self, record: int) -> bytes:
        return b"thread-%d" % self.keys[record]

    def value(self, record: int) -> bytes:
        return _HEAD.pack(record, self.micros[record]) + _FILLER

    def ideal_seconds(self, at_once: int) -> float:
        """How long `at_once` workers need that see every record at once and cost nothing."""
        return max(_ends(self, at_once, [0.0] * len(self)))

    def ideal_waits(self, at_once: int, every: float) -> list[float]:
        """From the arrival of each record to its start, when one comes `every` so many seconds."""
        arrivals = [record * every for record in range(len(self))]
        ends = _ends(self, at_once, arrivals)
        return [
            max(0.0, end - self.micros[record] / 1e6 - arrivals[record])
            for record, end in enumerate(ends)
        ]


def seconds_of(value: bytes) -> float:
    """What the handler of this record waits for."""
    micros: int = _HEAD.unpack_from(value)[1]
    return micros / 1e6


def _chance() -> Random:
    return Random(SEED)  # noqa: S311 - chance that can be repeated, no secret


def _ends(work: Work, at_once: int, arrivals: Sequence[float]) -> list[float]:
    """When each record ends: one at a time of each key, first come first served."""
    lanes: dict[int, deque[int]] = {}
    ready: deque[int] = deque()
    running: list[tuple[float, int]] = []
    ends = [0.0] * len(work)
    coming = 0
    now = 0.0
    while coming < len(work) or running or ready:
        while coming < len(work) and arrivals[coming] <= now:
            lane = lanes.setdefault(work.keys[coming], deque())
            lane.append(coming)
            if len(lane) == 1:
                ready.append(coming)
            coming += 1
        while ready and len(running) < at_once:
            record = ready.popleft()
            ends[record] = now + work.micros[record] / 1e6
            heapq.heappush(running, (ends[record], record))
        upcoming = [arrivals[coming]] if coming < len(work) else []
        now = min([*upcoming, *(end for end, _ in running[:1])])
        while running and running[0][0] <= now:
            _, done = heapq.heappop(running)
            lane = lanes[work.keys[done]]
            lane.popleft()
            if lane:
                ready.append(lane[0])
    return ends

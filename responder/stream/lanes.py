"""Records waiting for a handler: one lane a key, one shelf of lanes an assignment. No I/O.

What holds, whatever is called in whatever order:

- A lane is ready, running, parked, or gone; at most one worker has it, so at most one handler runs
  per key, and records of a key are handled in the order of the log.
- Partitions with something ready take turns; within one, lanes take turns. One backlog does not
  starve the others.
- What was dropped from a shelf is never handed out again.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from heapq import heappop, heappush
from itertools import count, islice

from responder.stream.deadletter import Bucket, Tokens
from responder.stream.handler import Bury
from responder.stream.log import Assignment, Record
from responder.stream.window import Window


class LaneState(Enum):
    READY = auto()
    RUNNING = auto()
    PARKED = auto()
    GONE = auto()


@dataclass(slots=True)
class Trouble:
    """What went wrong so far with the record at the head of a lane."""

    first_failed_at: datetime
    last_failed_at: datetime
    since: float
    """`first_failed_at` on the monotonic clock."""
    attempts: int = 0
    """Those that count."""
    waits: int = 0
    """Those that do not count, too: they lengthen the backoff."""
    times_stuck: int = 0
    reason: str = ""
    verdict: Bury | None = None
    """Set when only the burying is left to do."""
    bucket: Bucket = Bucket.FAILED
    is_paid: bool = False
    """Whether its dead-letter token was taken."""


class Lane:
    """The records of one key in one assignment, in the order of the log."""

    __slots__ = (
        "key",
        "parked_until",
        "records",
        "shelf",
        "size_bytes",
        "state",
        "taken",
        "trouble",
    )

    def __init__(self, shelf: "Shelf", key: bytes | int) -> None:
        self.shelf = shelf
        self.key = key
        self.records: deque[Record] = deque()
        self.size_bytes = 0
        self.state = LaneState.READY
        self.taken = 0
        """How many records, from the head, the worker has."""
        self.parked_until = 0.0
        self.trouble: Trouble | None = None

    @property
    def verdict(self) -> Bury | None:
        """What was decided about the head, when only carrying it out is left."""
        return None if self.trouble is None else self.trouble.verdict


class Shelf:
    """Everything the runtime holds of one assignment."""

    def __init__(self, assignment: Assignment, window: Window, tokens: Tokens) -> None:
        self.assignment = assignment
        self.window = window
        self.tokens = tokens
        self.lanes: dict[bytes | int, Lane] = {}
        self.ready: deque[Lane] = deque()
        self.records = 0
        self.size_bytes = 0
        self.running = 0
        self.finished = 0
        """Since this was last looked at."""
        self.samples: dict[int, float] = {}
        """Which records are watched from delivery to the handler's start, and when they came."""
        self.is_stopped = False
        """Out of dead-letter tokens: only what failed before is tried again."""
        self.is_leaving = False
        """Nothing of it starts any more: it is being given up, or is lost."""
        self.is_in_turn = False

    def lane_of(self, offset: int | None) -> Lane | None:
        """The lane with this offset at its head."""
        heads = (lane for lane in self.lanes.values() if lane.records[0].offset == offset)
        return next(heads, None)


LANES_PER_BATCH = 8
"""A batch in key order takes from at least so many lanes, when so many are ready: no hot thread
fills it alone. To take from more would only cost more, as each lane has its price."""


def size_of(record: Record) -> int:
    """What a record weighs in the buffer, in bytes."""
    size = len(record.value) + len(record.key or b"")
    for name, value in record.headers:
        size += len(name) + len(value)
    return size


class Lanes:
    """All lanes of all shelves, and whose turn it is."""

    def __init__(self) -> None:
        self.records = 0
        """How many are buffered or running; `size_bytes` is their weight."""
        self.size_bytes = 0
        self._taken = 0
        self._turn: deque[Shelf] = deque()
        self._urgent: deque[Lane] = deque()
        self._parked: list[tuple[float, int, Lane]] = []
        self._order = count()

    @property
    def has_ready(self) -> bool:
        return bool(self._turn or self._urgent)

    @property
    def waiting(self) -> int:
        """How many records no worker has, those of parked lanes included."""
        return self.records - self._taken

    @property
    def ready(self) -> int:
        """How many lanes could be taken now."""
        return len(self._urgent) + sum(len(shelf.ready) for shelf in self._turn)

    def put(self, shelf: Shelf, records: Sequence[Record]) -> None:
        """Add records behind those of their keys. They come in the order of the log."""
        lanes = shelf.lanes
        before = after = self.size_bytes
        for record in records:
            # A record without a key has a lane of its own, named by its offset.
            key = record.offset if record.key is None else record.key
            lane = lanes.get(key)
            if lane is None:
                lane = lanes[key] = Lane(shelf, key)
                shelf.ready.append(lane)
            lane.records.append(record)
            size = size_of(record)
            lane.size_bytes += size
            after += size
        self._count(shelf, len(records), after - before)
        self._let_in(shelf)

    def take(self) -> Lane | None:
        """The next lane, with its head taken; `park` or `release` gives it back."""
        if self._urgent:
            lane = self._urgent.popleft()
        elif self._turn:
            shelf = self._turn[0]
            lane = shelf.ready.popleft()
            if shelf.ready:
                self._turn.rotate(-1)
            else:
                self._turn.popleft()
                shelf.is_in_turn = False
        else:
            return None
        lane.state = LaneState.RUNNING
        lane.taken = 1
        lane.shelf.running += 1
        self._taken += 1
        return lane

    def take_batch(self, size: int, *, in_key_order: bool) -> list[Lane]:
        """Up to `size` records: the heads of ready lanes and, in key order, also what follows them."""
        share = -(-size // LANES_PER_BATCH) if in_key_order else 1
        lanes: list[Lane] = []
        left = size
        while left > 0 and (lane := self.take()) is not None:
            self._take_more(lane, min(share, left))
            left -= lane.taken
            lanes.append(lane)
        if in_key_order:
            self._top_up(lanes, left)
        return lanes

    def remove(self, lane: Lane, records: int) -> list[int]:
        """Take `records` finished ones from the head of a taken lane; gives their offsets."""
        if records == len(lane.records):
            done, size = [each.offset for each in lane.records], lane.size_bytes
            lane.records.clear()
        elif records == 1:
            record = lane.records.popleft()
            done, size = [record.offset], size_of(record)
        else:
            some = [lane.records.popleft() for _ in range(records)]
            done, size = [each.offset for each in some], sum(map(size_of, some))
        lane.size_bytes -= size
        self._count(lane.shelf, -records, -size)
        lane.taken -= records
        self._taken -= records
        lane.trouble = None
        return done

    def release(self, lane: Lane) -> None:
        """Give a taken lane back, to go on at once."""
        shelf = lane.shelf
        self._give_back(lane)
        if shelf.is_leaving:
            self._forget(lane)
        elif lane.records:
            lane.state = LaneState.READY
            shelf.ready.append(lane)
            self._let_in(shelf)
        else:
            lane.state = LaneState.GONE
            del shelf.lanes[lane.key]

    def park(self, lane: Lane, until: float) -> None:
        """Give a taken lane back, to go on at `until`; it holds no worker meanwhile."""
        if lane.shelf.is_leaving:
            self.release(lane)
            return
        self._give_back(lane)
        lane.state = LaneState.PARKED
        lane.parked_until = until
        heappush(self._parked, (until, next(self._order), lane))

    def unpark_due(self, now: float) -> int:
        """Make every lane ready whose time has come; gives how many."""
        due = 0
        while self._parked and self._parked[0][0] <= now:
            until, _, lane = heappop(self._parked)
            if lane.state is LaneState.PARKED and lane.parked_until == until:
                self.unpark(lane)
                due += 1
        return due

    def unpark(self, lane: Lane) -> None:
        """Try a parked lane at once, before others and also on a stopped shelf."""
        lane.state = LaneState.READY
        self._urgent.append(lane)

    def stop(self, shelf: Shelf) -> None:
        """Start nothing new of this shelf; what is parked is still tried when its time comes."""
        shelf.is_stopped = True
        self._take_out(shelf)

    def resume(self, shelf: Shelf) -> None:
        shelf.is_stopped = False
        self._let_in(shelf)

    def drop(self, shelf: Shelf) -> None:
        """Forget everything of this shelf that no worker has; the rest is forgotten when it ends."""
        shelf.is_leaving = True
        self._take_out(shelf)
        shelf.ready.clear()
        self._urgent = deque(lane for lane in self._urgent if lane.shelf is not shelf)
        for lane in list(shelf.lanes.values()):
            self._cut(lane)

    def deepest(self) -> int:
        """How many records the fullest ready lane holds (of those first in turn)."""
        heads = (lane for shelf in self._turn for lane in islice(shelf.ready, 100))
        return max((len(lane.records) for lane in heads), default=0)

    def _let_in(self, shelf: Shelf) -> None:
        may = not (shelf.is_in_turn or shelf.is_stopped or shelf.is_leaving)
        if may and shelf.ready:
            shelf.is_in_turn = True
            self._turn.append(shelf)

    def _take_out(self, shelf: Shelf) -> None:
        if shelf.is_in_turn:
            self._turn.remove(shelf)
            shelf.is_in_turn = False

    def _take_more(self, lane: Lane, most: int) -> None:
        # A head in trouble goes alone: what follows it must not run before its end is known.
        taken = 1 if lane.trouble is not None else min(most, len(lane.records))
        self._taken += taken - lane.taken
        lane.taken = taken

    def _give_back(self, lane: Lane) -> None:
        lane.shelf.running -= 1
        self._taken -= lane.taken
        lane.taken = 0

    def _top_up(self, lanes: Sequence[Lane], left: int) -> None:
        for lane in lanes:
            if left <= 0:
                return
            before = lane.taken
            self._take_more(lane, before + left)
            left -= lane.taken - before

    def _cut(self, lane: Lane) -> None:
        if lane.state is not LaneState.RUNNING:
            self._forget(lane)
            return
        dropped = list(islice(lane.records, lane.taken, None))
        size = sum(map(size_of, dropped))
        lane.size_bytes -= size
        self._count(lane.shelf, -len(dropped), -size)
        for _ in dropped:
            lane.records.pop()

    def _forget(self, lane: Lane) -> None:
        self._count(lane.shelf, -len(lane.records), -lane.size_bytes)
        lane.records.clear()
        lane.size_bytes = 0
        lane.state = LaneState.GONE
        lane.shelf.lanes.pop(lane.key, None)

    def _count(self, shelf: Shelf, records: int, size_bytes: int) -> None:
        shelf.records += records
        shelf.size_bytes += size_bytes
        self.records += records
        self.size_bytes += size_bytes


def taken(lanes: Sequence[Lane]) -> list[Record]:
    """The taken records of these lanes, in key order."""
    records: list[Record] = []
    for lane in lanes:
        if lane.taken == len(lane.records):
            records += lane.records
        else:
            records += islice(lane.records, lane.taken)
    return records


def heads(lanes: Sequence[Lane]) -> Iterator[tuple[Lane, Record]]:
    """`taken`, each with its lane."""
    for lane in lanes:
        for record in islice(lane.records, lane.taken):
            yield lane, record

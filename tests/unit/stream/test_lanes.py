from collections import defaultdict, deque
from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from responder.stream.deadletter import TokenBucket, Tokens
from responder.stream.lanes import Lane, Lanes, LaneState, Shelf, Trouble, heads, size_of
from responder.stream.log import Assignment, Partition, Record
from responder.stream.window import Window

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def a_shelf(number: int = 0, epoch: int = 1) -> Shelf:
    bucket = TokenBucket.full(10, 1, 0)
    tokens = Tokens(bucket, bucket, finished_per_token=200)
    return Shelf(Assignment(Partition("t", number), epoch), Window(1_000), tokens)


def a_record(offset: int, key: str | None = "k", number: int = 0) -> Record:
    raw = None if key is None else key.encode()
    return Record(Partition("t", number), offset, raw, b"value", (("h", b"v"),), NOW)


def taken(lanes: list[Lane]) -> list[int]:
    return [record.offset for _, record in heads(lanes)]


def test_a_key_is_handed_out_once_at_a_time() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(0), a_record(1)])
    lane = lanes.take()
    assert lane is not None
    assert lanes.take() is None
    assert lanes.remove(lane, 1) == [0]
    lanes.release(lane)
    again = lanes.take()
    assert again is lane
    assert lane.records[0].offset == 1


def test_records_without_a_key_do_not_wait_for_each_other() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(0, None), a_record(1, None)])
    assert taken([lane for _ in range(2) if (lane := lanes.take())]) == [0, 1]


def test_an_empty_key_is_a_key() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(0, ""), a_record(1, "")])
    assert lanes.take() is not None
    assert lanes.take() is None


def test_partitions_take_turns_whatever_their_backlog() -> None:
    lanes, deep, shallow = Lanes(), a_shelf(0), a_shelf(1)
    lanes.put(deep, [a_record(n, f"k{n}") for n in range(100)])
    lanes.put(shallow, [a_record(n, f"k{n}", 1) for n in range(2)])
    order = [lane.shelf for _ in range(4) if (lane := lanes.take())]
    assert order == [deep, shallow, deep, shallow]


def test_lanes_of_a_partition_take_turns_whatever_their_depth() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(n, "hot") for n in range(10)])
    lanes.put(shelf, [a_record(10, "a"), a_record(11, "b")])
    order: list[int] = []
    while (lane := lanes.take()) is not None and len(order) < 5:
        order += lanes.remove(lane, 1)
        lanes.release(lane)
    assert order == [0, 10, 11, 1, 2]


def test_a_parked_lane_comes_back_when_its_time_has_come_and_before_others() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(0, "a"), a_record(1, "b")])
    lane = lanes.take()
    assert lane is not None
    lanes.park(lane, until=5.0)
    assert lanes.unpark_due(4.9) == 0
    assert lanes.unpark_due(5.0) == 1
    assert lanes.take() is lane


def test_a_stopped_shelf_starts_only_what_had_failed_before() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(0, "a"), a_record(1, "b")])
    lane = lanes.take()
    assert lane is not None
    lanes.park(lane, until=5.0)
    lanes.stop(shelf)
    lanes.put(shelf, [a_record(2, "c")])
    assert lanes.take() is None
    lanes.unpark_due(5.0)
    assert lanes.take() is lane
    assert lanes.take() is None
    lanes.resume(shelf)
    assert lanes.ready == 2


def test_a_batch_in_key_order_takes_what_follows_its_heads() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(n, "ab"[n % 2]) for n in range(6)])
    assert taken(lanes.take_batch(5, in_key_order=True)) == [0, 2, 4, 1, 3]
    assert lanes.waiting == 1


def test_a_hot_lane_leaves_room_in_a_batch_for_others() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(n, "hot") for n in range(100)])
    lanes.put(shelf, [a_record(100 + n, f"k{n}") for n in range(10)])
    batch = lanes.take_batch(16, in_key_order=True)
    assert {lane.key for lane in batch} >= {b"hot", *(b"k%d" % n for n in range(8))}


def test_a_batch_of_distinct_keys_takes_heads_alone() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(n, "ab"[n % 2]) for n in range(6)])
    assert taken(lanes.take_batch(5, in_key_order=False)) == [0, 1]


def test_what_follows_a_head_in_trouble_is_not_taken_with_it() -> None:
    lanes, shelf = Lanes(), a_shelf()
    lanes.put(shelf, [a_record(n) for n in range(3)])
    (lane,) = lanes.take_batch(3, in_key_order=True)
    lane.trouble = Trouble(NOW, NOW, 0.0)
    lanes.park(lane, until=1.0)
    lanes.unpark_due(1.0)
    assert taken(lanes.take_batch(3, in_key_order=True)) == [0]


def test_the_weight_is_that_of_key_value_and_headers() -> None:
    assert [size_of(a_record(0)), size_of(a_record(1, None))] == [8, 7]


class LanesModel(RuleBasedStateMachine):
    """The lanes against a plain list of offsets for each key of each assignment."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes()
        self.shelves: list[Shelf] = []
        self.model: dict[Shelf, dict[bytes, deque[int]]] = {}
        self.running: list[Lane] = []
        self.parked: dict[Lane, float] = {}
        self.now = 0.0
        self.epoch = 0
        self.next_offset = 0
        self.handed_out: dict[tuple[Shelf, bytes], list[int]] = defaultdict(list)
        for number in range(2):
            self.assign(number)

    @rule(number=st.integers(0, 1))
    def assign(self, number: int) -> None:
        self.epoch += 1
        shelf = a_shelf(number, self.epoch)
        self.shelves.append(shelf)
        self.model[shelf] = defaultdict(deque)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), keys=st.lists(st.sampled_from("abcd"), min_size=1, max_size=8))
    def put(self, data: st.DataObject, keys: list[str]) -> None:
        shelf = data.draw(st.sampled_from(self.shelves))
        records = []
        for key in keys:
            records.append(a_record(self.next_offset, key))
            self.model[shelf][key.encode()].append(self.next_offset)
            self.next_offset += 1
        self.lanes.put(shelf, records)

    @rule()
    def take(self) -> None:
        lane = self.lanes.take()
        if lane is None:
            assert not self.takeable()
        else:
            self.run(lane)

    @rule(size=st.integers(1, 10), in_key_order=st.booleans())
    def take_batch(self, size: int, in_key_order: bool) -> None:  # noqa: FBT001 - hypothesis's
        batch = self.lanes.take_batch(size, in_key_order=in_key_order)
        assert bool(batch) == bool(batch or self.takeable())
        assert sum(lane.taken for lane in batch) <= size
        for lane in batch:
            self.run(lane)

    def run(self, lane: Lane) -> None:
        assert lane not in self.running
        self.parked.pop(lane, None)
        assert isinstance(lane.key, bytes)
        expected = list(self.model[lane.shelf][lane.key])[: lane.taken]
        assert taken([lane]) == expected
        self.running.append(lane)

    def takeable(self) -> list[bytes]:
        busy = {(lane.shelf, lane.key) for lane in [*self.running, *self.parked]}
        return [
            key
            for shelf in self.shelves
            if not shelf.is_stopped
            for key, offsets in self.model[shelf].items()
            if offsets and (shelf, key) not in busy
        ]

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        lane = data.draw(st.sampled_from(self.running))
        count = data.draw(st.integers(0, lane.taken))
        offsets = self.model[lane.shelf][self.key_of(lane)]
        assert self.lanes.remove(lane, count) == [offsets.popleft() for _ in range(count)]
        self.lanes.release(lane)
        self.running.remove(lane)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), wait=st.floats(0.0, 5.0))
    def park(self, data: st.DataObject, wait: float) -> None:
        lane = data.draw(st.sampled_from(self.running))
        self.lanes.park(lane, self.now + wait)
        self.running.remove(lane)
        if not lane.shelf.is_leaving:
            self.parked[lane] = self.now + wait

    @rule(seconds=st.floats(0.0, 5.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        due = [lane for lane, until in self.parked.items() if until <= self.now]
        assert self.lanes.unpark_due(self.now) == len(due)
        for lane in due:
            # Ready now; whoever takes it next finds it in front.
            del self.parked[lane]

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        self.lanes.stop(data.draw(st.sampled_from(self.shelves)))

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        self.lanes.resume(data.draw(st.sampled_from(self.shelves)))

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """Revoked: all goes but what a worker has."""
        shelf = data.draw(st.sampled_from(self.shelves))
        self.lanes.drop(shelf)
        self.shelves.remove(shelf)
        self.parked = {lane: t for lane, t in self.parked.items() if lane.shelf is not shelf}
        held = {self.key_of(lane): lane.taken for lane in self.running if lane.shelf is shelf}
        self.model[shelf] = defaultdict(
            deque,
            {k: deque(list(v)[: held[k]]) for k, v in self.model[shelf].items() if k in held},
        )

    @staticmethod
    def key_of(lane: Lane) -> bytes:
        assert isinstance(lane.key, bytes)
        return lane.key

    @invariant()
    def every_record_is_in_its_lane_in_order(self) -> None:
        for shelf in self.shelves:
            held = {key: deque(r.offset for r in lane.records) for key, lane in shelf.lanes.items()}
            assert held == {k: v for k, v in self.model[shelf].items() if v}

    @invariant()
    def the_tallies_agree(self) -> None:
        running_left = [lane for lane in self.running if lane.shelf not in self.shelves]
        held = sum(len(v) for s in self.shelves for v in self.model[s].values())
        assert self.lanes.records == held + sum(len(lane.records) for lane in running_left)
        assert self.lanes.size_bytes == 8 * self.lanes.records
        assert self.lanes.waiting == self.lanes.records - sum(x.taken for x in self.running)
        for shelf in self.shelves:
            assert shelf.running == sum(lane.shelf is shelf for lane in self.running)

    @invariant()
    def only_running_lanes_are_running(self) -> None:
        lanes = [lane for shelf in self.shelves for lane in shelf.lanes.values()]
        states = {lane for lane in lanes if lane.state is LaneState.RUNNING}
        assert states == {lane for lane in self.running if lane.shelf in self.shelves}


TestLanesModel = LanesModel.TestCase

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.errors import Malformed, RateLimited, Unavailable
from responder.stream.buffer import Buffer
from responder.stream.deadletter import Bucket, TokenBucket, Tokens
from responder.stream.handler import Bury, Retry, outcome_of
from responder.stream.lanes import Lanes, Shelf
from responder.stream.limit import Aimd, Fixed, Yielding
from responder.stream.log import Assignment, Partition, Record
from responder.stream.options import Inconsistent, StreamOptions
from responder.stream.poll import unbroken
from responder.stream.retry import Backoff
from responder.stream.window import Window
from responder.testing.clock import EPOCH


def a_record(offset: int, key: bytes = b"k", value: bytes = b"v") -> Record:
    return Record(Partition("t", 0), offset, key, value, (), EPOCH)


def some_tokens() -> Tokens:
    return Tokens(
        TokenBucket.full(2, 10, 0), TokenBucket.full(2, 1 / 300, 0), finished_per_token=200
    )


class TestAimd:
    def test_it_rises_by_one_when_all_places_were_in_use_and_well(self) -> None:
        limit = Aimd(4, 64)
        for _ in range(5):
            limit.succeeded(running=limit.current)
        assert limit.current == 5

    def test_it_does_not_rise_while_places_are_free(self) -> None:
        limit = Aimd(10, 64)
        for _ in range(1_000):
            limit.succeeded(running=8)
        assert limit.current == 10

    def test_it_never_passes_its_bounds(self) -> None:
        limit = Aimd(4, 6)
        for _ in range(1_000):
            limit.succeeded(running=limit.current)
        assert limit.current == 6
        for now in range(20):
            limit.overloaded(started_at=now, now=now, after_seconds=None)
        assert limit.current == 4

    def test_an_overload_that_many_report_counts_once(self) -> None:
        limit = Aimd(10, 100)
        while limit.current < 100:
            limit.succeeded(running=100)
        for _ in range(100):
            limit.overloaded(started_at=1.0, now=2.0, after_seconds=None)
        assert limit.current == 70
        limit.overloaded(started_at=2.5, now=3.0, after_seconds=None)
        assert limit.current == 49

    def test_nothing_starts_before_the_time_that_the_dependency_asked_for(self) -> None:
        limit = Aimd(4, 64)
        limit.overloaded(started_at=1.0, now=2.0, after_seconds=30.0)
        limit.overloaded(started_at=1.0, now=2.0, after_seconds=5.0)
        assert limit.not_before == 32.0


class TestYielding:
    def test_it_learns_from_every_end_also_while_it_gives_way(self) -> None:
        learnt, urgent = Aimd(4, 64), {"triage"}
        limit = Yielding(learnt, lambda: bool(urgent))
        assert (limit.current, limit.most) == (1, 64)
        limit.overloaded(started_at=1.0, now=2.0, after_seconds=30.0)
        assert limit.not_before == 32.0
        urgent.clear()
        assert limit.current == learnt.current
        for _ in range(5):
            limit.succeeded(running=limit.current)
        assert limit.current == learnt.current == 5


def test_a_fixed_limit_stays() -> None:
    limit = Fixed(7)
    limit.overloaded(started_at=0, now=1, after_seconds=9)
    limit.succeeded(7)
    assert (limit.current, limit.most, limit.not_before) == (7, 7, 0.0)


@given(st.integers(1, 10_000), st.one_of(st.none(), st.floats(0, 1_000)))
def test_backoff_stays_within_its_bound_and_waits_what_was_asked(
    attempt: int, at_least: float | None
) -> None:
    backoff = Backoff(0.2, 30.0, Random(attempt))  # noqa: S311 - jitter, no secret
    asked = at_least or 0.0
    assert (
        asked <= backoff.delay(attempt, at_least) <= asked + min(30.0, 0.2 * 2 ** min(attempt, 20))
    )


class TestTokens:
    def test_a_bucket_refills_with_time_up_to_its_size(self) -> None:
        tokens = some_tokens()
        assert [tokens.take(Bucket.FAILED, 0) for _ in range(3)] == [True, True, False]
        assert not tokens.take(Bucket.FAILED, 299)
        assert tokens.take(Bucket.FAILED, 301)
        assert tokens.left(Bucket.FAILED, 10_000) == 2

    def test_finished_work_earns_tokens(self) -> None:
        tokens = some_tokens()
        while tokens.take(Bucket.FAILED, 0):
            pass
        tokens.finished(199)
        assert tokens.left(Bucket.FAILED, 0) == 0
        tokens.finished(1)
        assert tokens.left(Bucket.FAILED, 0) == 1

    def test_what_a_person_allows_may_exceed_the_size(self) -> None:
        tokens = some_tokens()
        tokens.allow(50)
        assert tokens.left(Bucket.FAILED, 1_000_000) == 52

    def test_reserved_tokens_come_at_the_refill_rate(self) -> None:
        tokens = some_tokens()
        usable = [tokens.reserve(Bucket.MALFORMED, 0) for _ in range(5)]
        assert usable == pytest.approx([0, 0, 0.1, 0.2, 0.3])


class TestOutcomes:
    def test_invalid_input_is_buried_as_malformed(self) -> None:
        outcome = outcome_of(Malformed(what="the event", why="no text"))
        assert outcome == Bury("malformed", "the event cannot be read: no text")

    def test_a_rate_limit_is_an_overload_and_says_how_long_to_wait(self) -> None:
        outcome = outcome_of(RateLimited(what="the model", after_seconds=12.0))
        assert isinstance(outcome, Retry)
        assert (outcome.reason, outcome.after_seconds) == ("rate-limited", 12.0)
        assert outcome.overloaded
        assert outcome.counts

    def test_an_open_breaker_can_say_that_no_attempt_was_made(self) -> None:
        why = "it failed often"
        outcome = outcome_of(Unavailable(what="the model", why=why, counts_as_attempt=False))
        assert isinstance(outcome, Retry)
        assert not outcome.counts

    def test_anything_else_is_retried_under_one_label(self) -> None:
        outcome = outcome_of(ZeroDivisionError("by zero"))
        assert outcome == Retry("unexpected", detail="ZeroDivisionError: by zero")


class TestOptions:
    def test_the_defaults_are_consistent(self) -> None:
        assert StreamOptions().concurrency == 64

    @pytest.mark.parametrize(
        ("wrong", "names"),
        [
            ({"concurrency": 500}, ["buffer_records", "concurrency"]),
            ({"keepalive": 61.0}, ["max_poll_interval", "keepalive"]),
            ({"drain_timeout": 30.0}, ["drain_timeout", "rebalance_timeout"]),
            ({"commit_interval": 0.0}, ["commit_interval"]),
        ],
    )
    def test_a_contradiction_names_both_settings(
        self, wrong: dict[str, float], names: list[str]
    ) -> None:
        with pytest.raises(Inconsistent) as error:
            StreamOptions(**wrong)  # type: ignore[arg-type]
        assert all(name in str(error.value) for name in names)


class TestBuffer:
    @staticmethod
    def a_shelf(number: int, limit: int = 1_000) -> Shelf:
        return Shelf(Assignment(Partition("t", number), 1), Window(limit), some_tokens())

    def test_one_busy_partition_gets_two_thirds_and_leaves_the_rest_to_others(self) -> None:
        lanes = Lanes()
        buffer = Buffer(lanes, records=1_000, size_bytes=1_000_000)
        busy, quiet = self.a_shelf(0, 10_000), self.a_shelf(1, 10_000)
        offset = 0
        while room := buffer.room([busy, quiet]).get(busy.assignment):
            lanes.put(busy, [a_record(offset + n) for n in range(room)])
            offset += room
        assert 600 <= lanes.records <= 667
        assert buffer.room([busy, quiet])[quiet.assignment] >= 200

    def test_what_is_asked_for_never_exceeds_what_is_free(self) -> None:
        lanes = Lanes()
        buffer = Buffer(lanes, records=1_000, size_bytes=1_000_000)
        shelves = [self.a_shelf(n, 10_000) for n in range(12)]
        assert sum(buffer.room(shelves).values()) <= 1_000

    def test_nothing_is_asked_for_when_the_bytes_are_used_up(self) -> None:
        lanes, shelf = Lanes(), self.a_shelf(0)
        buffer = Buffer(lanes, records=1_000, size_bytes=100)
        lanes.put(shelf, [a_record(0, value=b"x" * 200)])
        assert buffer.room([shelf, self.a_shelf(1)]) == {}

    def test_stopped_and_leaving_partitions_are_left_out(self) -> None:
        lanes = Lanes()
        buffer = Buffer(lanes, records=1_000, size_bytes=100)
        stopped, leaving = self.a_shelf(0), self.a_shelf(1)
        lanes.stop(stopped)
        lanes.drop(leaving)
        assert buffer.room([stopped, leaving]) == {}

    def test_a_full_window_is_refilled_when_a_sixteenth_of_it_is_free(self) -> None:
        lanes, shelf = Lanes(), self.a_shelf(0, limit=80)
        buffer = Buffer(lanes, records=10_000, size_bytes=1_000)
        shelf.window.start(range(80), 0.0)
        assert buffer.room([shelf]) == {}
        shelf.window.finish(range(4))
        assert buffer.room([shelf]) == {}
        shelf.window.finish([4])
        assert buffer.room([shelf]) == {shelf.assignment: 5}


@given(st.sets(st.integers(0, 60), min_size=1))
def test_unbroken_runs_hold_exactly_what_was_delivered(offsets: set[int]) -> None:
    runs = unbroken([a_record(offset) for offset in sorted(offsets)])
    assert [offset for run in runs for offset in run] == sorted(offsets)
    assert all(before.stop < after.start for before, after in pairwise(runs))

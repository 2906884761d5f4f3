import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from responder.stream.window import Window

LIMIT = 40


def test_nothing_is_committed_before_anything_was_delivered() -> None:
    window = Window(LIMIT)
    assert window.commit_point is None
    assert not window.is_dirty
    assert window.room == LIMIT


def test_the_commit_point_waits_for_the_lowest_unfinished_offset() -> None:
    window = Window(LIMIT)
    window.start(range(5, 9), 0.0)
    window.finish([6, 7, 8])
    assert window.commit_point == 5
    window.finish([5])
    assert window.commit_point == 9


def test_a_gap_in_the_log_is_neither_waited_for_nor_counted() -> None:
    window = Window(LIMIT)
    window.start(range(3), 0.0)
    window.start(range(1_000_000, 1_000_002), 0.0)
    assert window.span == 5
    window.finish([0, 1, 2])
    assert window.commit_point == 1_000_000
    assert window.room == LIMIT - 2


def test_a_stored_point_is_clean_until_something_is_finished_behind_it() -> None:
    window = Window(LIMIT)
    window.start(range(3), 0.0)
    dirty = [window.is_dirty]
    window.finish([0])
    dirty.append(window.is_dirty)
    window.committed(1)
    dirty.append(window.is_dirty)
    window.finish([2])
    dirty.append(window.is_dirty)
    window.finish([1])
    dirty.append(window.is_dirty)
    assert dirty == [False, True, False, False, True]


def test_a_closed_window_counts_what_comes_late_and_does_not_move() -> None:
    window = Window(LIMIT)
    window.start(range(3), 0.0)
    window.close()
    assert window.finish([0, 1]) == 2
    assert window.commit_point == 0
    assert not window.is_dirty
    assert window.room == 0


def test_offsets_that_were_delivered_before_are_refused() -> None:
    window = Window(LIMIT)
    window.start(range(3), 0.0)
    with pytest.raises(ValueError, match="was delivered after 2"):
        window.start(range(2, 4), 0.0)


def test_the_age_is_that_of_the_delivery_at_the_commit_point() -> None:
    window = Window(LIMIT)
    window.start(range(3), 10.0)
    window.start(range(3, 6), 20.0)
    assert window.oldest_at == 10.0
    window.finish([0, 1, 2])
    assert window.oldest_at == 20.0
    window.finish([3, 4, 5])
    assert window.oldest_at is None


class WindowModel(RuleBasedStateMachine):
    """The window against plain lists of what was delivered and what is finished."""

    def __init__(self) -> None:
        super().__init__()
        self.window = Window(LIMIT)
        self.delivered: list[int] = []
        self.finished: set[int] = set()
        self.points: list[int] = []

    @property
    def unfinished(self) -> list[int]:
        return [offset for offset in self.delivered if offset not in self.finished]

    @precondition(lambda self: not self.window.is_closed)
    @rule(gap=st.integers(0, 5), length=st.integers(1, 12))
    def start(self, gap: int, length: int) -> None:
        first = (self.delivered[-1] + 1 if self.delivered else 0) + gap
        self.window.start(range(first, first + length), 0.0)
        self.delivered += range(first, first + length)

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        """In any order, some of them again."""
        recent = self.delivered[-60:]
        offsets = data.draw(st.lists(st.sampled_from(recent), max_size=12))
        late = self.window.finish(offsets)
        assert late == (len(offsets) if self.window.is_closed else 0)
        if not self.window.is_closed:
            self.finished.update(offsets)

    @precondition(lambda self: not self.window.is_closed)
    @rule()
    def finish_everything(self) -> None:
        self.window.finish(self.unfinished)
        self.finished.update(self.delivered)
        assert self.window.commit_point == (self.delivered[-1] + 1 if self.delivered else None)

    @rule()
    def close(self) -> None:
        self.window.close()

    @rule()
    def new_epoch(self) -> None:
        self.__init__()  # type: ignore[misc]

    @invariant()
    def the_commit_point_is_the_lowest_unfinished_and_never_falls(self) -> None:
        point = self.window.commit_point
        if not self.delivered:
            assert point is None
            return
        expected = self.unfinished[0] if self.unfinished else self.delivered[-1] + 1
        assert point == expected
        self.points.append(expected)
        assert self.points == sorted(self.points)

    @invariant()
    def the_span_counts_what_was_delivered_from_there_on(self) -> None:
        point = self.window.commit_point or 0
        assert self.window.span == sum(offset >= point for offset in self.delivered)
        assert self.window.unfinished == len(self.unfinished)


TestWindowModel = WindowModel.TestCase

"""What the benchmark calls void, and when it says that a bar holds."""

from collections.abc import Sequence

import pytest

from bench import plot, table
from bench.figures import Bar, Figure, Row
from bench.trace import Commit, Trace
from bench.workload import Work

MS = 1_000_000
WORK = Work(partitions=1, keys=[0, 1, 0], micros=[1_000] * 3)
RIGHT = [(0, 0, 1), (1, 0, 1), (2, 1, 2)]
"""Record, and the milliseconds at which its handler began and ended."""
ALL = Commit(partition=0, offset=3, at_ms=5)


def trace(records: Sequence[tuple[int, int, int]], *commits: Commit) -> Trace:
    ids, starts, ends = zip(*records, strict=True)
    return Trace(ids, [at * MS for at in starts], [at * MS for at in ends], commits or [ALL])


def test_a_run_in_which_all_is_right_counts() -> None:
    run = trace(RIGHT)
    assert run.breaches(WORK) == []
    assert run.seconds(WORK) == pytest.approx(0.005)


def test_a_record_that_comes_again_is_forgiven() -> None:
    assert trace([*RIGHT, (0, 3, 4)]).breaches(WORK) == []


@pytest.mark.parametrize(
    ("run", "breach"),
    [
        (trace([(0, 0, 1), (2, 1, 2)]), "1 records lost"),
        (trace([(1, 0, 1), (2, 0, 1), (0, 1, 2)]), "1 records out of order"),
        (trace([(0, 0, 2), (1, 0, 1), (2, 1, 3)]), "1 handlers of one key at once"),
        (trace(RIGHT, Commit(0, 3, 0), ALL), "1 commits past an unfinished record"),
        (trace(RIGHT, ALL, Commit(0, 4, 5)), "1 commits past the end"),
        (trace(RIGHT, Commit(0, 2, 5)), "1 partitions never committed to the end"),
    ],
)
def test_what_must_never_happen_voids_a_run(run: Trace, breach: str) -> None:
    assert breach in run.breaches(WORK)


def test_the_ideal_handles_a_key_in_turn_and_others_side_by_side() -> None:
    assert WORK.ideal_seconds(at_once=2) == pytest.approx(0.002)
    assert WORK.ideal_seconds(at_once=1) == pytest.approx(0.003)
    assert WORK.ideal_waits(at_once=2, every=0) == pytest.approx([0, 0, 0.001])


def row(ours: float, bar: Bar, **more: object) -> Row:
    peers = {"peer": Figure([10.0])}
    said = {"id": "P0", "case": "<case>", "unit": "s", "ideal": 8.0, "peers": peers, **more}
    return Row(ours=Figure([ours]), bar=bar, **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bar", "holds", "fails"),
    [
        (Bar(sign="≥", value=0.8, against="peer"), 8.0, 7.9),
        (Bar(sign="≤", value=1.5, against="ideal"), 12.0, 12.1),
        (Bar(sign="≤", value=3, against="ideal", by="difference", unit="s"), 11.0, 11.1),
        (Bar(sign="≤", value=5, unit="s"), 5.0, 5.1),
    ],
)
def test_a_bar_holds_up_to_its_value_and_no_further(bar: Bar, holds: float, fails: float) -> None:
    assert row(holds, bar).held
    assert not row(fails, bar).held


def test_no_bar_holds_with_a_void_run_of_ours() -> None:
    bar = Bar(sign="≥", value=0.8, against="peer")
    assert not row(9.0, bar, void={"ours": ["1 records lost"]}).held
    assert row(9.0, bar, void={"peer": ["1 records lost"]}).held


def test_no_bar_holds_beside_a_peer_that_did_nothing() -> None:
    bar = Bar(sign="≥", value=0.8, against="peer")
    beside = row(9.0, bar, peers={"peer": Figure([0.0])})
    assert beside.held is False
    assert beside.ratio is None


def test_the_table_and_the_picture_show_each_figure_and_what_was_void() -> None:
    bar = Bar(sign="≥", value=0.8, against="peer")
    kept = [row(7.0, bar, void={"peer": ["1 records lost"]}).as_json()]
    line = "| P0 | <case> | s | 7 (1 run) | peer 10 (1 run) | 8 | 0.7 | ≥ 0.8 × peer | **no** |"  # noqa: RUF001 - as it is printed
    assert line in table.markdown(kept)
    assert "- P0, <case>, peer: 1 records lost" in table.markdown(kept)
    several = Row(id="P0", case="c", unit="s", ours=Figure([1.0, 3.0, 2.0])).as_json()
    assert "| 2 (1–3, 3 runs) |" in table.markdown([several])  # noqa: RUF001 - as it is printed
    assert "&lt;case&gt;" in plot.draw(kept)

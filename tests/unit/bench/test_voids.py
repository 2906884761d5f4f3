"""A run in which something went wrong counts for nothing in any row, and its bars do not hold."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]

from bench import gateway, outage, pages, pipeline
from bench.brokers import is_behind
from bench.costs import cpu_seconds
from bench.figures import OURS, Row
from bench.fill import differences
from bench.installation import disorder
from bench.memory import Memory
from bench.pushes import Answers
from bench.setting import Setting
from bench.stored import comment_ids, not_stored
from bench.throughput import Rate

WRONG = "something was lost"


def bars(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.bar is not None]


# --- what is found -------------------------------------------------------------------------------


def test_a_push_that_was_answered_and_is_not_in_the_log_is_found() -> None:
    assert not_stored("a-", 2, {"a-0", "a-1", "b-0"}) == []
    assert not_stored("a-", 2, {"a-1", "b-0"}) == [
        "1 pushes were answered with 202 and are not in the log"
    ]


def test_comments_are_known_in_our_events_and_in_bodies_as_they_were_pushed() -> None:
    ours = b'{"comment_id":"a-1","text":"Is \\"comment_id\\" a name?"}'
    body = b'{"type": "engagement.received.v1", "data": {"comment_id": "a-2", "raw": {}}}'
    assert comment_ids([ours, body, b"{}"]) == {"a-1", "a-2"}


def test_an_answer_other_than_202_is_found() -> None:
    assert Answers([0], [1], [202]).breaches() == []
    assert Answers([0, 0], [1, 1], [202, 503]).breaches() == ["1 pushes were answered with 503"]


def test_a_comment_triaged_before_an_earlier_one_of_its_thread_is_found() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    later = noon + timedelta(microseconds=1)
    assert disorder([("a", 1, noon), ("a", 2, noon), ("a", 9, later), ("b", 3, noon)]) == []
    assert disorder([("a", 1, later), ("a", 2, noon), ("b", 3, noon)]) == [
        "1 comments triaged before an earlier one of their thread"
    ]
    assert disorder([("a", 1, noon), ("b", None, noon)]) == [
        "1 comments whose place in the log is unknown"
    ]


def test_a_group_that_has_not_committed_all_of_its_topics_is_found() -> None:
    first, second, other = (TopicPartition(*each) for each in (("a", 0), ("a", 1), ("b", 0)))
    ends = {first: 3, second: 2, other: 9}
    assert not is_behind({first: 3, second: 2}, ends)
    assert not is_behind({}, ends)
    assert is_behind({first: 3, second: 1}, ends)
    assert is_behind({first: 3}, ends)


def test_copies_without_what_pushed_comments_have_are_found() -> None:
    assert differences("clock_tick", [(False, 1), (False, 2), (True, 1)]) == []
    assert differences("clock_tick", [(False, 1), (True, 0)]) == [
        "copies with 0 rows of clock_tick, of which no pushed one is"
    ]


def test_a_process_that_has_just_ended_has_used_nothing_more() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert cpu_seconds([ended.pid]) == 0


# --- what becomes of it --------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [(), ("fo0-1",), ("so0-7",)])
async def test_a_run_of_p5_that_the_log_does_not_have_counts_for_nothing(
    lost: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log: set[str] = set()

    async def pushed(*_: object, prefix: str, count: int, **__: object) -> Answers:
        log.update({f"{prefix}{number}" for number in range(count)} - set(lost))
        return Answers([0] * count, [1_000] * count, [202] * count)

    async def stored() -> set[str]:
        return log

    monkeypatch.setattr(gateway, "pushed", pushed)
    reached = gateway.Reached()
    setting = Setting(runs=1, folder=tmp_path)
    server = gateway.Server("http://127.0.0.1/", 0, stored)
    await gateway._measure(setting, reached, server, "o0-", 10)
    figures = (reached.rates, reached.p99_ms, reached.steady_p99_ms, reached.cpu_micros)
    assert [len(each) for each in figures] == [0 if lost else 1] * 4
    assert len(reached.void) == len(lost)
    rows = gateway._rows(
        "P5",
        "Kafka",
        {OURS: reached, gateway.BARE: gateway.Reached([0.001], [9.0])},
        {},
        least=0.5,
        aim=0.6,
        slower=2.0,
    )
    assert [row.held for row in rows] == [not lost] * 2


WHOLE_PATH = pipeline._Run(
    p99_ms=900.0,
    p50_ms=400.0,
    costs={"triage": 1.0},
    bytes_each={"kafka": 1_000.0},
    transactions=0.3,
    statements=9.0,
    breaches=[],
)


def test_no_bar_of_p6_and_p9_holds_with_a_void_run() -> None:
    void = replace(WHOLE_PATH, costs={"triage": 99.0}, breaches=[WRONG])
    for runs, is_held in (([WHOLE_PATH], True), ([WHOLE_PATH, void], False)):
        rows = [
            pipeline._latency(500, 60, runs, {}),
            pipeline._statements(runs, {}),
            *pipeline._costs(500, runs, {}),
        ]
        assert [row.held for row in bars(rows)] == [is_held] * 2
        assert all(len(row.ours.runs) == 1 for row in rows)
        assert all(bool(row.void[OURS]) is not is_held for row in rows)


def test_a_void_run_at_any_size_is_ours_in_p7() -> None:
    def reached(*void: str) -> pages.Reached:
        found = pages.Reached(rates=[100.0], void=list(void))
        for name in (pages.FIRST, pages.MIDDLE, pages.LAST, pages.COMMENT):
            found.p95_ms[name].append(10.0)
        found.p95_ms[pages.APPROVE].append(10.0)
        found.p95_ms[pages.LIST].append(10.0)
        return found

    good = pages._rows(pages.SMOKE, {0: reached(), 2_000: reached()}, {})
    assert [row.held for row in good] == [True] * 7
    void = pages._rows(pages.SMOKE, {0: reached(WRONG), 2_000: reached()}, {})
    assert [row.held for row in void] == [False] * 7
    assert {tuple(row.void[OURS]) for row in void} == {(f"with 0: {WRONG}",)}


async def test_a_rate_of_a_run_that_lost_comments_is_no_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def throughput(*_: object) -> Rate:
        return Rate(0.0, [WRONG])

    monkeypatch.setattr(pages, "throughput", throughput)
    reached = pages.Reached()
    await pages._rush(pages.SMOKE, None, reached)  # type: ignore[arg-type] # nobody asks it
    assert (reached.rates, reached.void) == ([], [WRONG])


def test_no_bar_of_p8_holds_with_a_void_run() -> None:
    good = outage._Run(
        triaged_seconds=170.0,
        drafted_seconds=300.0,
        before_p99_ms=20.0,
        p99_ms=30.0,
        p99_once_ready_ms=25.0,
        memory=Memory(roles={"triage": [100.0, 100.0, 100.0]}, servers={}),
        breaches=[],
    )
    void = replace(good, triaged_seconds=0.0, breaches=[WRONG])
    for runs, is_held in (([good], True), ([good, void], False)):
        rows = outage._rows(outage.WHOLE, runs, {})
        assert [row.held for row in bars(rows)] == [is_held] * 3
        assert all(len(row.ours.runs) == 1 for row in rows)
        assert rows[0].ours.middle == 170.0

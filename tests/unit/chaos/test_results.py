"""A row is claimed only when all of its tests ran and held."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.marks import Marked, marked
from tests.chaos.matrix import PROMISES, ROWS
from tests.chaos.results import CameTo, Outcome, Results, Run

POSTGRES_KILLED, BROKER_KILLED = 7, 15
RUNS = ("chaos", "powercut")
HERE = "tests/chaos/rows/test_database.py"


def held(test: str) -> Outcome:
    return Outcome(test=test, came_to=CameTo.HELD, fault=[POSTGRES_KILLED])


def results(*tests: Outcome, marked: tuple[Marked, ...] = ()) -> Results:
    run = Run(at="2026-11-22 22:00 UTC", machine="2 cores", seconds=1.0, tests=tests)
    return Results().with_run("chaos", run, marked)


def test_a_row_whose_tests_all_held_is_held() -> None:
    found = results(held(f"{HERE}::test_a"), held(f"{HERE}::test_b[case]"))
    assert found.judged("fault", POSTGRES_KILLED).came_to is CameTo.HELD


def test_a_row_with_one_failure_has_failed_and_names_it() -> None:
    failure = replace(held(f"{HERE}::test_b"), came_to=CameTo.FAILED, why="one is missing")
    judged = results(held(f"{HERE}::test_a"), failure).judged("fault", POSTGRES_KILLED)
    assert (judged.came_to, judged.why) == (CameTo.FAILED, f"{HERE}::test_b: one is missing")


def test_a_row_of_which_a_test_skipped_is_skipped_and_says_why() -> None:
    skipped = replace(held(f"{HERE}::test_b"), came_to=CameTo.SKIPPED, why="needs root")
    judged = results(held(f"{HERE}::test_a"), skipped).judged("fault", POSTGRES_KILLED)
    assert (judged.came_to, judged.why) == (CameTo.SKIPPED, "1 of 2 tests: needs root")


def test_a_row_without_a_test_in_the_run_was_not_run() -> None:
    assert results().judged("fault", POSTGRES_KILLED).came_to is CameTo.NOT_RUN


@pytest.mark.parametrize("place", [f"{HERE}::test_b", "tests/chaos/rows/test_other.py"])
def test_a_row_of_which_a_marked_test_was_left_out_was_not_run_in_full(place: str) -> None:
    left_out = Marked(place, "fault", POSTGRES_KILLED)
    judged = results(held(f"{HERE}::test_a"), marked=(left_out,)).judged("fault", POSTGRES_KILLED)
    assert (judged.came_to, judged.why) == (CameTo.NOT_RUN, place)


@pytest.mark.parametrize("place", [f"{HERE}::test_a", HERE])
def test_a_case_counts_for_its_test_and_a_test_for_its_file(place: str) -> None:
    marks = (Marked(place, "fault", POSTGRES_KILLED),)
    judged = results(held(f"{HERE}::test_a[1]"), marked=marks).judged("fault", POSTGRES_KILLED)
    assert judged.came_to is CameTo.HELD


def test_a_row_of_the_log_counts_only_on_apache_kafka() -> None:
    there = replace(held(f"{HERE}::test_a"), fault=[BROKER_KILLED], on="Apache Kafka 4.3.0")
    elsewhere = replace(there, on="a broker of somebody else")
    assert results(elsewhere).judged("fault", BROKER_KILLED).why == "not run on Apache Kafka"
    assert results(there).judged("fault", BROKER_KILLED).came_to is CameTo.HELD


def test_a_later_run_takes_the_place_of_the_one_of_its_name_alone() -> None:
    failed = results(replace(held(f"{HERE}::test_a"), came_to=CameTo.FAILED))
    later = Run(at="", machine="", seconds=0, tests=[held(f"{HERE}::test_a")])
    judged = {name: failed.with_run(name, later, ()).judged("fault", 7) for name in RUNS}
    assert judged["chaos"].came_to is CameTo.HELD
    assert judged["powercut"].came_to is CameTo.FAILED


def test_results_are_kept_and_read_as_they_were(tmp_path: Path) -> None:
    kept = results(
        replace(held(f"{HERE}::test_a"), came_to=CameTo.SKIPPED, why="needs root", promise=[1]),
        marked=(Marked(HERE, "promise", 1),),
    )
    kept.written(tmp_path / "faults.json")
    assert Results.read(tmp_path / "faults.json").judged("promise", 1) == kept.judged("promise", 1)


def test_marks_are_found_at_functions_and_otherwise_count_for_the_file() -> None:
    source = """
pytestmark = [pytest.mark.kafka, pytest.mark.fault(7)]

@pytest.mark.fault(8, 9)
async def test_a(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.promise(1))])
def test_b(x): ...
"""
    assert set(marked(source, HERE)) == {
        Marked(HERE, "fault", 7),
        Marked(f"{HERE}::test_a", "fault", 8),
        Marked(f"{HERE}::test_a", "fault", 9),
        Marked(f"{HERE}::test_b", "promise", 1),
    }


def test_a_mark_without_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="wants numbers"):
        list(marked("pytestmark = pytest.mark.fault()", HERE))


def test_every_row_and_promise_is_there_once() -> None:
    assert list(ROWS) == list(range(1, 45))
    assert list(PROMISES) == list(range(1, 9))

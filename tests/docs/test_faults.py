"""What the fault matrix claims is what ran, and what ran is still there."""

from pathlib import Path

from docs.faults import RESULTS, faults, promises
from tests.chaos.marks import KINDS, Marked, marked_in
from tests.chaos.matrix import PROMISES, ROWS
from tests.chaos.plugin import APART
from tests.chaos.results import CameTo, Outcome, Results, Run

ROOT = Path(__file__).parents[2]
KNOWN = {"fault": ROWS, "promise": PROMISES}
RESULTS_KEPT = Results.read(RESULTS)
MARKED = marked_in(ROOT / "tests")


def gone(test: Outcome) -> bool:
    """Renamed, removed, or no longer marked with what it stands for."""
    marks = [
        Marked(place, kind, number)
        for kind in KINDS
        for number in (test.fault if kind == "fault" else test.promise)
        for place in _places(test)
    ]
    return not any(mark in MARKED for mark in marks)


def _places(test: Outcome) -> list[str]:
    """A mark stands at the function or counts for its file."""
    named = test.test.partition("[")[0]
    return [named, named.partition("::")[0]]


def test_every_row_and_promise_that_a_test_is_marked_with_is_there() -> None:
    assert [each for each in MARKED if each.number not in KNOWN[each.kind]] == []


def test_every_promise_has_a_test_that_tries_to_break_it() -> None:
    tried = {each.number for each in MARKED if each.kind == "promise"}
    assert set(PROMISES) - tried == set()


def test_every_row_has_a_test() -> None:
    made = {each.number for each in MARKED if each.kind == "fault"}
    assert ROWS.keys() - made == set()


def test_every_test_that_a_claim_rests_on_is_still_there_and_marked() -> None:
    """Where one is not, `make chaos` says what holds now."""
    kept = [test for run in RESULTS_KEPT.runs.values() for test in run.tests]
    assert [test.test for test in kept if gone(test)] == []


def test_no_row_is_called_held_without_a_test_that_ran_and_held() -> None:
    for kind in KINDS:
        for number in KNOWN[kind]:
            judged = RESULTS_KEPT.judged(kind, number)
            if judged.came_to is CameTo.HELD:
                assert {test.came_to for test in judged.tests} == {CameTo.HELD}, (kind, number)


def test_a_run_of_any_kind_is_shown_with_what_came_of_it() -> None:
    came_to = Outcome(test="tests/x/test_y.py::test_z", came_to=CameTo.HELD, fault=[7], promise=[1])
    run = Run(at="2026-11-22 22:00 UTC", machine="2 cores", seconds=600, tests=[came_to])
    for name in ("test", *APART):
        results = Results().with_run(name, run, ())
        assert "`tests/x/test_y.py`: 1 held" in faults(results)
        assert "`tests/x/test_y.py`: 1 held" in promises(results)

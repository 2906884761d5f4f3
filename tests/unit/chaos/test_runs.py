"""Which tests belong to which run, and what a run keeps; each by a pytest of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.results import CameTo, Outcome, Results

ROOT = Path(__file__).parents[3]
TESTS = """
import pytest

def test_plain(): pass

@pytest.mark.fault(7, 8)
@pytest.mark.promise(1)
def test_faulty(): pass

@pytest.mark.fault(9)
@pytest.mark.chaos
def test_long(): pytest.skip("needs root")

@pytest.mark.fault(11)
@pytest.mark.powercut
def test_cut(runs): assert runs == 3

@pytest.mark.fault(12)
def test_broken(): raise ValueError("lost one")
"""


def ran(folder: Path, *options: str, tests: str = TESTS) -> str:
    """What pytest says; what it keeps is in `faults.json`."""
    file = folder / "test_it.py"
    file.write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    report = ("--fault-report", str(folder / "faults.json"))
    own = ("-c", str(folder / "pytest.ini"), "-p", "tests.chaos.plugin", *report, *options)
    command = (sys.executable, "-m", "pytest", *own, str(file))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    return done.stdout + done.stderr


def kept(folder: Path, run: str) -> dict[str, Outcome]:
    tests = Results.read(folder / "faults.json").runs[run].tests
    return {each.test.rpartition("::")[2]: each for each in tests}


def test_what_is_run_apart_is_not_run_with_the_rest(tmp_path: Path) -> None:
    ran(tmp_path)
    assert set(kept(tmp_path, "test")) == {"test_faulty", "test_broken"}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_keeps_what_each_test_came_to_and_why(tmp_path: Path, workers: str) -> None:
    ran(tmp_path, "--faults", "chaos", "-n", workers)
    found = kept(tmp_path, "chaos")
    assert {name: (each.came_to, each.why, list(each.fault)) for name, each in found.items()} == {
        "test_faulty": (CameTo.HELD, "", [7, 8]),
        "test_long": (CameTo.SKIPPED, "needs root", [9]),
        "test_broken": (CameTo.FAILED, "ValueError: lost one", [12]),
    }
    assert list(found["test_faulty"].promise) == [1]


def test_power_is_cut_as_often_as_asked_and_by_its_own_run_alone(tmp_path: Path) -> None:
    ran(tmp_path, "--faults", "powercut", "--runs", "3")
    assert {name: each.came_to for name, each in kept(tmp_path, "powercut").items()} == {
        "test_cut": CameTo.HELD
    }


def test_runs_stand_beside_each_other_in_one_file(tmp_path: Path) -> None:
    ran(tmp_path, "--faults", "powercut", "--runs", "3")
    ran(tmp_path, "--faults", "chaos")
    assert set(Results.read(tmp_path / "faults.json").runs) == {"powercut", "chaos"}


def test_a_row_that_the_matrix_does_not_know_is_refused(tmp_path: Path) -> None:
    unknown = "import pytest\n\n@pytest.mark.fault(99)\ndef test_it(): pass\n"
    assert "there is no fault {99}" in ran(tmp_path, tests=unknown)

"""The marks of the fault matrix for pytest, which runs of it there are, and what they write.

`fault(7)`, `promise(1)`: what a test makes and tries to break; numbers of `tests/chaos/matrix.py`.
`chaos`: only `make chaos` runs it; `soak` and `powercut`: only `make soak` and `make powercut` do.

    pytest                      everything but these three marks
    pytest --faults chaos       fault, promise and chaos; neither soak nor powercut
    pytest --faults soak        soak alone, for `--minutes`
    pytest --faults powercut    powercut alone, `--runs` times

With `--fault-report FILE` a run takes its place in that file.
"""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.chaos.marks import KINDS, Kind, marked_in
from tests.chaos.matrix import PROMISES, ROWS
from tests.chaos.results import KAFKA, CameTo, Outcome, Results, Run

ROOT = Path(__file__).parents[2]
APART = ("chaos", "soak", "powercut")
KNOWN: dict[Kind, Iterable[int]] = {"fault": ROWS, "promise": PROMISES}
MARKS = (
    "fault(*rows): makes these faults of tests/chaos/matrix.py",
    "promise(*numbers): tries to break these promises",
    "chaos: only `make chaos` runs it",
    "soak: only `make soak` runs it; fixture `minutes`",
    "powercut: only `make powercut` runs it; fixture `runs`",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption("--faults", choices=APART, help="which run of the fault matrix this is")
    group.addoption("--fault-report", type=Path, metavar="FILE", help="keep what it comes to here")
    group.addoption("--minutes", type=float, default=60.0, help="how long a soak lasts")
    group.addoption("--runs", type=int, default=20, help="how many power cuts there are")


def pytest_configure(config: pytest.Config) -> None:
    for mark in MARKS:
        config.addinivalue_line("markers", mark)
    file = config.getoption("fault_report")
    if file is not None and not hasattr(config, "workerinput"):  # with xdist: once, not per worker
        config.pluginmanager.register(_Report(file, config.getoption("faults") or "test"))


@pytest.fixture(scope="session")
def minutes(request: pytest.FixtureRequest) -> float:
    """How long a soak lasts."""
    asked: float = request.config.getoption("minutes")
    return asked


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest) -> int:
    """How many power cuts there are."""
    asked: int = request.config.getoption("runs")
    return asked


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    faults = config.getoption("faults")
    chosen: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        (chosen if _belongs(item, faults) else others).append(item)
    for item in chosen:
        _note_what_it_is_of(item)
    items[:] = chosen
    config.hook.pytest_deselected(items=others)


def _belongs(item: pytest.Item, faults: str | None) -> bool:
    apart = {mark for mark in APART if item.get_closest_marker(mark)}
    if faults is None:
        return not apart
    if faults == "chaos":
        return not apart - {"chaos"} and any(
            item.get_closest_marker(mark) for mark in ("chaos", *KINDS)
        )
    return faults in apart


def _note_what_it_is_of(item: pytest.Item) -> None:
    """In its report, which is all that crosses from a worker of xdist."""
    for kind in KINDS:
        numbers = sorted({number for mark in item.iter_markers(kind) for number in mark.args})
        if unknown := set(numbers) - set(KNOWN[kind]):
            raise pytest.UsageError(f"{item.nodeid}: there is no {kind} {unknown}")
        item.user_properties.append((kind, numbers))
    if item.get_closest_marker("kafka"):
        item.user_properties.append(("on", _broker()))


class _Report:
    """Gathers what each marked test came to, and writes it at the end."""

    def __init__(self, file: Path, name: str) -> None:
        self._file = file
        self._name = name
        self._began = datetime.now(UTC)  # noqa: TID251 - a date for people
        self._tests: dict[str, Outcome] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        known: dict[str, Any] = dict(report.user_properties)
        if not any(known.get(kind) for kind in KINDS):
            return
        before = self._tests.get(report.nodeid)
        came_to, why = _came_to(report)
        if before is not None and came_to is CameTo.HELD:
            came_to, why = before.came_to, before.why
        self._tests[report.nodeid] = Outcome(
            test=report.nodeid,
            came_to=came_to,
            seconds=round(report.duration + (before.seconds if before else 0.0), 1),
            why=why,
            fault=known["fault"],
            promise=known["promise"],
            on=known.get("on", ""),
        )

    def pytest_sessionfinish(self) -> None:
        now = datetime.now(UTC)  # noqa: TID251 - a date for people
        run = Run(
            at=self._began.strftime("%Y-%m-%d %H:%M UTC"),
            machine=_machine(),
            seconds=round((now - self._began).total_seconds()),
            tests=sorted(self._tests.values(), key=lambda each: each.test),
        )
        marked = marked_in(ROOT / "tests")
        Results.read(self._file).with_run(self._name, run, marked).written(self._file)


def _came_to(report: pytest.TestReport) -> tuple[CameTo, str]:
    if report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        said = crash.message if crash else report.longreprtext
        return CameTo.FAILED, said.partition("\n")[0][:200]
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        return CameTo.SKIPPED, reason.removeprefix("Skipped: ")
    return CameTo.HELD, ""


def _broker() -> str:
    if os.environ.get("RESPONDER_TEST_KAFKA"):  # noqa: TID251 - a test run has no settings
        return "a broker of somebody else"
    return f"{KAFKA} {_kafka_version()}"


def _kafka_version() -> str:
    pom = ET.parse(ROOT / "tests" / "brokers" / "pom.xml")  # noqa: S314 - our own
    maven = "{http://maven.apache.org/POM/4.0.0}"
    found = pom.findtext(f"{maven}dependencies/{maven}dependency/{maven}version")
    return found or "of an unknown version"


def _machine() -> str:
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, Linux {platform.release()}, Python {platform.python_version()}"

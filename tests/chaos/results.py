"""What the tests of each row and promise came to, kept in a file and judged by it.

The file holds the last run of each kind (`make chaos`, `make powercut`, `make soak`), each with its
date and machine, and what was marked when the last of them was written. Nothing is judged that is
not in it: a row is held only when all of its tests ran, and all of them held.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from tests.chaos.marks import Kind, Marked
from tests.chaos.matrix import ROWS

KAFKA = "Apache Kafka"


class CameTo(StrEnum):
    HELD = "held"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One test in one run; `on` names the broker, where it needs one."""

    test: str
    came_to: CameTo
    fault: Sequence[int] = ()
    promise: Sequence[int] = ()
    seconds: float = 0.0
    why: str = ""
    on: str = ""

    def is_of(self, kind: Kind, number: int) -> bool:
        return number in (self.fault if kind == "fault" else self.promise)

    def covers(self, marked: Marked) -> bool:
        """It is this test, or a case of it, or of the file that is marked as a whole."""
        named = self.test.partition("[")[0]
        is_there = named == marked.test or named.startswith(f"{marked.test}::")
        return is_there and self.is_of(marked.kind, marked.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """When, on what, and what its tests came to."""

    at: str
    machine: str
    seconds: float
    tests: Sequence[Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    came_to: CameTo
    why: str = ""
    tests: Sequence[Outcome] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    runs: Mapping[str, Run] = field(default_factory=dict)
    marked: Sequence[Marked] = ()

    @classmethod
    def read(cls, file: Path) -> Self:
        """Empty where there is no file."""
        if not file.exists():
            return cls()
        kept = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            runs={name: _run(**run) for name, run in kept["runs"].items()},
            marked=[Marked(**each) for each in kept["marked"]],
        )

    def written(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    def with_run(self, name: str, run: Run, marked: Iterable[Marked]) -> "Results":
        """This run in the place of the last one of its name."""
        return replace(self, runs={**self.runs, name: run}, marked=sorted(marked))

    def judged(self, kind: Kind, number: int) -> Judgement:
        tests = [
            test for run in self.runs.values() for test in run.tests if test.is_of(kind, number)
        ]
        row = ROWS[number] if kind == "fault" else None
        came_to, why = _verdict(
            tests, self._not_run(kind, number), on_kafka=row is not None and row.on_kafka
        )
        return Judgement(came_to=came_to, why=why, tests=tests)

    def _not_run(self, kind: Kind, number: int) -> list[str]:
        """Marked with it, and in none of the runs."""
        ran = [test for run in self.runs.values() for test in run.tests]
        return [
            each.test
            for each in self.marked
            if (each.kind, each.number) == (kind, number)
            and not any(test.covers(each) for test in ran)
        ]


def _verdict(
    tests: Sequence[Outcome], not_run: Sequence[str], *, on_kafka: bool
) -> tuple[CameTo, str]:
    """The worst of them; what is said about it names each."""
    if failed := _of(tests, CameTo.FAILED):
        return CameTo.FAILED, "; ".join(f"{each.test}: {each.why}" for each in failed)
    if not_run or not tests:
        return CameTo.NOT_RUN, ", ".join(not_run) or "no test of it ran"
    if skipped := _of(tests, CameTo.SKIPPED):
        reasons = "; ".join(sorted({each.why for each in skipped}))
        return CameTo.SKIPPED, f"{len(skipped)} of {len(tests)} tests: {reasons}"
    if on_kafka and not any(each.on.startswith(KAFKA) for each in tests):
        return CameTo.SKIPPED, f"not run on {KAFKA}"
    return CameTo.HELD, ""


def _of(tests: Iterable[Outcome], came_to: CameTo) -> list[Outcome]:
    return [each for each in tests if each.came_to is came_to]


def _run(*, tests: Iterable[Mapping[str, Any]], **rest: Any) -> Run:
    read = [Outcome(**{**each, "came_to": CameTo(each["came_to"])}) for each in tests]
    return Run(tests=read, **rest)

"""Everybody in turn, several times, so that a busy minute of the machine hits all alike."""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bench.driver import Driver, Filled, How, Run, Subject, Void
from bench.figures import Figure
from bench.workload import Work


class Measure(Protocol):
    """What is read off a run."""

    def __call__(self, run: Run, work: Work) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """Who runs, on what, and how. `warm` is worked through first, in the same process."""

    subject: Subject
    warm: Filled
    full: Filled
    how: How
    name: str = ""
    """In the table, when the subject enters more than once."""

    @property
    def label(self) -> str:
        return self.name or self.subject.name


class Outcome:
    """What everybody reached, by name; void runs are told of and count for nothing."""

    def __init__(self) -> None:
        self._runs: dict[str, list[float]] = defaultdict(list)
        self._cpu: dict[str, list[float]] = defaultdict(list)
        self._void: dict[str, list[str]] = defaultdict(list)

    def note(self, name: str, run: Run | Void, measure: Callable[[Run], float]) -> None:
        if isinstance(run, Void):
            self._void[name] += run.breaches
            said = "void: " + "; ".join(run.breaches)
        else:
            self._runs[name].append(measure(run))
            self._cpu[name].append(run.cpu_seconds / len(run.trace.records) * 1e6)
            said = f"{self._runs[name][-1]:,.4g}"
        # For somebody who waits; the table comes at the end.
        print(f"  {name}: {said}", file=sys.stderr, flush=True)

    def figure(self, name: str) -> Figure:
        return Figure(self._runs[name])

    def figures(self, *names: str) -> dict[str, Figure]:
        return {name: self.figure(name) for name in names}

    def cpu_micros(self, *names: str) -> dict[str, Figure]:
        """What a record costs each of these, in microseconds of one core."""
        return {name: Figure(self._cpu[name]) for name in names}

    def void(self, *names: str) -> dict[str, list[str]]:
        return {name: self._void[name] for name in names}


async def contest(
    driver: Driver, runs: int, entrants: Sequence[Entrant], measure: Measure
) -> Outcome:
    outcome = Outcome()
    for _ in range(runs):
        for each in entrants:
            run = await driver.measure(each.subject, each.warm, each.full, each.how)
            outcome.note(each.label, run, partial(measure, work=each.full.work))
    return outcome


def records_per_second(run: Run, work: Work) -> float:
    return len(work) / run.trace.seconds(work)


def seconds(run: Run, work: Work) -> float:
    return run.trace.seconds(work)

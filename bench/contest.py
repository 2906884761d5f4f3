"""Everybody in turn, several times, so that a busy minute of the machine hits all alike."""

import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.driver import Driver, Filled, How, Subject
from bench.figures import Figure
from bench.trace import Trace
from bench.workload import Work

Measure = Callable[[Trace, Work], float]


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


@dataclass(frozen=True)
class Outcome:
    """What everybody reached, by name; void runs are told of and count for nothing."""

    runs: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    void: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def figure(self, name: str) -> Figure:
        return Figure(self.runs[name])

    def peers(self, *names: str) -> dict[str, Figure]:
        return {name: self.figure(name) for name in names}

    def void_of(self, *names: str) -> dict[str, list[str]]:
        return {name: self.void[name] for name in names if self.void[name]}


async def contest(
    driver: Driver, runs: int, entrants: Sequence[Entrant], measure: Measure
) -> Outcome:
    outcome = Outcome()
    for number in range(1, runs + 1):
        for entrant in entrants:
            run = await driver.measure(entrant.subject, entrant.warm, entrant.full, entrant.how)
            if run.trace is None or run.breaches:
                outcome.void[entrant.label] += [f"run {number}: {each}" for each in run.breaches]
            else:
                outcome.runs[entrant.label].append(measure(run.trace, entrant.full.work))
            _tell(number, entrant.label, outcome)
    return outcome


def records_per_second(trace: Trace, work: Work) -> float:
    return len(work) / trace.seconds(work)


def seconds(trace: Trace, work: Work) -> float:
    return trace.seconds(work)


def _tell(number: int, name: str, outcome: Outcome) -> None:
    """How it goes, for somebody who waits; the table comes at the end."""
    runs, void = outcome.runs[name], outcome.void[name]
    last = f"{runs[-1]:,.4g}" if runs else "–"
    print(f"  run {number}, {name}: {last} {'; '.join(void)}", file=sys.stderr, flush=True)

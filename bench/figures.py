"""What a row of the table is: our figure, the peers', the bar, and whether it holds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

OURS = "ours"


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity over several runs; voided runs are not among them."""

    runs: Sequence[float]

    @property
    def middle(self) -> float | None:
        return median(self.runs) if self.runs else None

    @property
    def spread(self) -> list[float] | None:
        """The least and the most; None where no run counts."""
        return [short(min(self.runs)), short(max(self.runs))] if self.runs else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What our figure must be, beside another one or by itself.

    Args:
        against: the name of a peer, or `ideal`; None compares with `value` itself.
        by: `ratio` divides our figure by the other's, `difference` subtracts it.
        in_each: every run must hold it, not the median alone.
    """

    sign: Literal["≥", "≤"]
    value: float
    against: str | None = None
    by: Literal["ratio", "difference"] = "ratio"
    unit: str = ""
    aim: float | None = None
    in_each: bool = False

    def says(self) -> str:
        words = f"{self.sign} {_plain(self.value)}"
        if self.against is None:
            words += f" {self.unit}"
        elif self.by == "ratio":
            words += f" × {self.against}"
        else:
            words = f"{self.sign} {self.against} + {_plain(self.value)} {self.unit}"
        words += " in each run" if self.in_each else ""
        return words if self.aim is None else f"{words} (aim {_plain(self.aim)})"

    def counts(self, ours: Figure) -> float | None:
        """What of a figure must hold."""
        if not self.in_each or not ours.runs:
            return ours.middle
        return min(ours.runs) if self.sign == "≥" else max(ours.runs)

    def holds(self, ours: float, other: float | None) -> bool:
        if self.against is None:
            measured = ours
        elif not other:
            return False  # nobody to compare with, or one that did nothing
        else:
            measured = ours / other if self.by == "ratio" else ours - other
        return measured >= self.value if self.sign == "≥" else measured <= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: one workload and one bar.

    Args:
        id: the workload's number, such as `P1`; several rows may share it.
        case: what tells this row from the others with the same id.
        peers: by name; what ran beside ours, in the same run of the benchmark.
        ideal: what nobody can beat on this machine, computed; None where that is not known.
        bar: None where a figure is only reported.
        cpu_micros: what one record, or one request, costs in the process measured, in microseconds
            of one core; by `ours` and the peers' names, where it was measured.
        void: what disqualified runs, in words, by `ours` or the peer's name; with a void run of
            ours no bar holds.
        how: event loop, timer, sizes and whatever else a reader needs to repeat it.
    """

    id: str
    case: str
    unit: str
    ours: Figure
    peers: Mapping[str, Figure] = field(default_factory=dict)
    ideal: float | None = None
    bar: Bar | None = None
    cpu_micros: Mapping[str, Figure] = field(default_factory=dict)
    void: Mapping[str, Sequence[str]] = field(default_factory=dict)
    how: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Ours to what the bar compares with."""
        other = self.other if self.bar is None or self.bar.against else self.bar.value
        ours = self.ours.middle
        return None if ours is None or not other else ours / other

    @property
    def other(self) -> float | None:
        against = None if self.bar is None else self.bar.against
        if against is None or against == "ideal":
            return self.ideal
        return self.peers[against].middle

    @property
    def held(self) -> bool | None:
        """None where there is no bar. A bar without figures, or with a void run of ours, fails."""
        if self.bar is None:
            return None
        ours = self.bar.counts(self.ours)
        return ours is not None and not self.void.get(OURS) and self.bar.holds(ours, self.other)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "case": self.case,
            "unit": self.unit,
            "ours": _short(self.ours.middle),
            "peers": {name: _short(peer.middle) for name, peer in self.peers.items()},
            "ideal": _short(self.ideal),
            "ratio": _short(self.ratio),
            "bar": None if self.bar is None else self.bar.says(),
            "held": self.held,
            "spread": {name: peer.spread for name, peer in self._everybody().items()},
            "cpu_micros": {name: _short(each.middle) for name, each in self.cpu_micros.items()},
            "runs": {name: len(peer.runs) for name, peer in self._everybody().items()},
            "void": {name: list(each) for name, each in self.void.items() if each},
            "how": dict(self.how),
        }

    def _everybody(self) -> Mapping[str, Figure]:
        return {OURS: self.ours, **self.peers}


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least value that so large a share does not exceed; infinite where there is none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.inf


def short(value: float) -> float:
    """Four digits that count: more would pretend."""
    return float(f"{value:.4g}")


def _short(value: float | None) -> float | None:
    return None if value is None else short(value)


def _plain(value: float) -> str:
    return f"{value:,.6g}"

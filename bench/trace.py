"""What a subject says it has done, and what the broker says was committed; and whether that is right.

Every subject writes down each record that it has handled, in the order in which handlers ended:
three unsigned 64-bit numbers, little-endian, which are the record's id and when its handler began
and ended, in nanoseconds of the machine's wall clock. All processes and the broker share that clock.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.workload import Work

NANOSECONDS = 1e9
_PER_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of one partition, as the broker has logged it.

    Args:
        at_ms: when, cut to the millisecond before.
    """

    partition: int
    offset: int
    at_ms: int


@dataclass(frozen=True)
class Trace:
    """One run of one subject."""

    records: Sequence[int]
    starts: Sequence[int]
    ends: Sequence[int]
    commits: Sequence[Commit]

    @classmethod
    def read(cls, path: Path, commits: Sequence[Commit]) -> Self:
        numbers = array("Q", path.read_bytes())
        if sys.byteorder == "big":
            numbers.byteswap()
        return cls(numbers[0::3], numbers[1::3], numbers[2::3], commits)

    def seconds(self, work: Work) -> float:
        """From the first handler's start to the commit that completed the last partition."""
        return self.ended_ms(work) / 1e3 - min(self.starts) / NANOSECONDS

    def ended_ms(self, work: Work) -> int:
        ends = [len(records) for records in work.by_partition]
        done = {
            partition: min(
                c.at_ms for c in self.commits if (c.partition, c.offset) == (partition, end)
            )
            for partition, end in enumerate(ends)
            if end
        }
        return max(done.values())

    def started_at(self, work: Work) -> list[int]:
        """When each record's first handler began."""
        first: dict[int, int] = {}
        for record, start in zip(self.records, self.starts, strict=True):
            first.setdefault(record, start)
        return [first[record] for record in range(len(work))]

    def breaches(self, work: Work) -> list[str]:
        """What disqualifies the run, in words; nothing where all is well."""
        counts = {
            "records lost": len(work) - len(set(self.records)),
            "records out of order": _out_of_order(work, self.records),
            "handlers of one key at once": _overlaps(work, self),
            "commits past an unfinished record": _early_commits(work, self),
            "commits past the end": _commits_past_the_end(work, self.commits),
            "partitions never committed to the end": _uncommitted(work, self.commits),
        }
        return [f"{count} {what}" for what, count in counts.items() if count]


def _out_of_order(work: Work, records: Iterable[int]) -> int:
    """First completions of a key must ascend."""
    last: dict[int, int] = {}
    seen: set[int] = set()
    wrong = 0
    for record in records:
        if record in seen:
            continue
        seen.add(record)
        key = work.keys[record]
        wrong += last.get(key, -1) > record
        last[key] = max(record, last.get(key, -1))
    return wrong


def _overlaps(work: Work, trace: Trace) -> int:
    free_at: dict[int, int] = {}
    wrong = 0
    for start, end, record in sorted(zip(trace.starts, trace.ends, trace.records, strict=True)):
        key = work.keys[record]
        wrong += start < free_at.get(key, 0)
        free_at[key] = max(end, free_at.get(key, 0))
    return wrong


def _early_commits(work: Work, trace: Trace) -> int:
    """A commit's moment is known to the millisecond before it: it gets the benefit of that doubt."""
    ended: dict[int, int] = {}
    for record, end in zip(trace.records, trace.ends, strict=True):
        ended.setdefault(record, end)
    never = sys.maxsize
    wrong = 0
    for partition, records in enumerate(work.by_partition):
        complete_at = [0]
        for record in records:
            complete_at.append(max(complete_at[-1], ended.get(record, never)))
        commits = [commit for commit in trace.commits if commit.partition == partition]
        wrong += sum(
            complete_at[c.offset] > (c.at_ms + 1) * _PER_MILLISECOND
            for c in commits
            if c.offset < len(complete_at)
        )
    return wrong


def _commits_past_the_end(work: Work, commits: Iterable[Commit]) -> int:
    return sum(commit.offset > len(work.by_partition[commit.partition]) for commit in commits)


def _uncommitted(work: Work, commits: Sequence[Commit]) -> int:
    reached = {(commit.partition, commit.offset) for commit in commits}
    ends = enumerate(len(records) for records in work.by_partition)
    return sum(end > 0 and (partition, end) not in reached for partition, end in ends)

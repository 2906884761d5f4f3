"""Runs one subject in a process of its own, and finds out what it did.

Imports, garbage and just-in-time compilation are thereby everybody's own: each subject first works
through a topic to warm up, with a consumer of its own, and then through the one that is measured.
"""

import asyncio
import itertools
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.brokers import Broker
from bench.job import Job
from bench.process import SubjectFailed, running
from bench.trace import Trace
from bench.workload import Work

NUMBERS = itertools.count(1)
LOOK_SECONDS = 0.1
STEADY_LOOKS = 20


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is measured: a name for the table and the start of a command that takes a job's file."""

    name: str
    command: Sequence[str]

    @classmethod
    def python(cls, name: str, module: str) -> "Subject":
        return cls(name, (sys.executable, "-m", f"bench.subjects.{module}"))


@dataclass(frozen=True, slots=True)
class Filled:
    """A topic and what is in it, or will be."""

    topic: str
    work: Work


@dataclass(frozen=True, slots=True)
class Run:
    """A run that counts.

    Args:
        cpu_seconds: what the subject's process used for the topic that counts, with its joining.
        due: when each record was to be sent, in nanoseconds; nothing where the topic was full.
    """

    trace: Trace
    cpu_seconds: float
    due: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Void:
    """A run that counts for nothing, and why."""

    breaches: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a subject is to work."""

    at_once: int
    batch: int = 1
    is_waiting: bool = False
    loop: str = "asyncio"
    limit_seconds: float = 300.0


class Driver:
    """Measures subjects on one broker."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self._broker = broker
        self._folder = folder

    async def filled(self, work: Work) -> Filled:
        """A new topic with these records."""
        topic = f"bench-{next(NUMBERS)}"
        await self._broker.fill(topic, work)
        return Filled(topic, work)

    async def measure(self, subject: Subject, warm: Filled, full: Filled, how: How) -> Run | Void:
        """Let the subject work through both topics; the second one counts."""

        async def wait(group: str) -> Sequence[int]:
            await self._done(full, group)
            return ()

        return await self._run(subject, warm, full, how, wait)

    async def feed(
        self, subject: Subject, warm: Filled, work: Work, how: How, *, every: float
    ) -> Run | Void:
        """Let the subject work through the first topic, then send it a record `every` seconds."""
        topic = f"bench-{next(NUMBERS)}"
        await self._broker.create(topic, work.partitions)
        live = Filled(topic, work)

        async def send(group: str) -> Sequence[int]:
            await self._joined(group)
            due = await self._broker.feed(topic, work, every)
            await self._done(live, group)
            return due

        return await self._run(subject, warm, live, how, send)

    async def _run(
        self,
        subject: Subject,
        warm: Filled,
        measured: Filled,
        how: How,
        until_done: Callable[[str], Coroutine[Any, Any, Sequence[int]]],
    ) -> Run | Void:
        number = next(NUMBERS)
        groups = [f"group-{number}-{phase}" for phase in ("warm", "measured")]
        trace, job = self._folder / f"trace-{number}", self._folder / f"job-{number}"
        self._job(warm, measured, groups, how, trace).write(job)
        try:
            async with (
                asyncio.timeout(how.limit_seconds),
                running([*subject.command, str(job)]) as process,
            ):
                await process.during(self._done(warm, groups[0]))
                warmed_up = process.cpu_seconds()
                await process.tell()
                due = await process.during(until_done(groups[1]))
                cpu_seconds = process.cpu_seconds() - warmed_up
                await process.tell()
                await process.ended()
        except TimeoutError:
            return Void([f"not done after {how.limit_seconds:.0f} s"])
        except SubjectFailed as failed:
            return Void([str(failed)])
        commits = await self._broker.commits(groups[1], measured.topic)
        run = Run(Trace.read(trace, commits), cpu_seconds, due)
        trace.unlink()
        breaches = run.trace.breaches(measured.work)
        return Void(breaches) if breaches else run

    def _job(
        self, warm: Filled, measured: Filled, groups: Sequence[str], how: How, trace: Path
    ) -> Job:
        return Job(
            bootstrap_servers=self._broker.bootstrap_servers,
            topics=f"{warm.topic},{measured.topic}",
            groups=",".join(groups),
            partitions=str(measured.work.partitions),
            records=str(max(len(warm.work), len(measured.work))),
            at_once=str(how.at_once),
            batch=str(how.batch),
            is_waiting="yes" if how.is_waiting else "no",
            loop=how.loop,
            trace=str(trace),
        )

    async def _joined(self, group: str) -> None:
        """Wait until the group has been steady for a while."""
        steady = 0
        while steady < STEADY_LOOKS:
            await asyncio.sleep(LOOK_SECONDS)
            steady = steady + 1 if await self._broker.is_steady(group) else 0

    async def _done(self, filled: Filled, group: str) -> None:
        """Wait until everything in the topic is committed."""
        wanted = {n: len(ids) for n, ids in enumerate(filled.work.by_partition) if ids}
        while await self._broker.committed(group, filled.topic) != wanted:  # noqa: ASYNC110 - it is another process's
            await asyncio.sleep(LOOK_SECONDS)

"""Runs one subject in a process of its own, and finds out what it did.

Imports, garbage and just-in-time compilation are thereby everybody's own: each subject first works
through a topic to warm up, with a consumer of its own, and then through the one that is measured.
"""

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.brokers import Broker
from bench.job import Job
from bench.trace import Trace
from bench.workload import Work

NUMBERS = itertools.count(1)
LOOK_SECONDS = 0.1
END_SECONDS = 60.0


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
    """What became of one run. A run with `breaches` counts for nothing."""

    trace: Trace | None
    breaches: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a subject is to work."""

    at_once: int
    batch: int = 1
    is_waiting: bool = False
    loop: str = "asyncio"
    limit_seconds: float = 120.0


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

    async def measure(self, subject: Subject, warm: Filled, measured: Filled, how: How) -> Run:
        """Let the subject work through both topics; the second one counts."""
        number = next(NUMBERS)
        groups = [f"group-{number}-{phase}" for phase in ("warm", "measured")]
        trace = self._folder / f"trace-{number}"
        job = Job(
            bootstrap_servers=self._broker.bootstrap_servers,
            topics=f"{warm.topic},{measured.topic}",
            groups=",".join(groups),
            at_once=str(how.at_once),
            batch=str(how.batch),
            is_waiting="yes" if how.is_waiting else "no",
            loop=how.loop,
            trace=str(trace),
        )
        path = self._folder / f"job-{number}"
        job.write(path)
        try:
            async with _process([*subject.command, str(path)]) as tell:
                for filled, group in zip((warm, measured), groups, strict=True):
                    async with asyncio.timeout(how.limit_seconds):
                        await self._done(filled, group)
                    await tell()
        except TimeoutError:
            return Run(None, [f"not done after {how.limit_seconds:.0f} s"])
        except SubjectFailed as failed:
            return Run(None, [str(failed)])
        commits = await self._broker.commits(groups[-1], measured.topic)
        done = Trace.read(trace, commits)
        trace.unlink()
        return Run(done, done.breaches(measured.work))

    async def _done(self, filled: Filled, group: str) -> None:
        """Wait until everything in the topic is committed."""
        wanted = {n: len(ids) for n, ids in enumerate(filled.work.by_partition) if ids}
        while await self._broker.committed(group, filled.topic) != wanted:  # noqa: ASYNC110 - it is another process's
            await asyncio.sleep(LOOK_SECONDS)


class SubjectFailed(Exception):
    """A subject ended otherwise than it was told to."""


@asynccontextmanager
async def _process(command: Sequence[str]) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A subject that runs; it is told to go on by what this gives, and ends with the context."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said = asyncio.create_task(_last_words(process.stderr))

    async def tell() -> None:
        if process.stdin is None:
            raise SubjectFailed("it has no standard input")
        process.stdin.write(b"\n")
        await process.stdin.drain()

    try:
        yield tell
        async with asyncio.timeout(END_SECONDS):
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
        words = await said
    if code:
        raise SubjectFailed(f"ended with {code}: {words}")


async def _last_words(stream: asyncio.StreamReader | None) -> str:
    words = b"" if stream is None else await stream.read()
    return words.decode(errors="replace")[-500:]

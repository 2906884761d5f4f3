"""A subject's process: told to go on by a line, ended with its context, and never waited for in vain."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from bench.costs import cpu_seconds

T = TypeVar("T")

END_SECONDS = 60.0
LAST_WORDS = 500


class SubjectFailed(Exception):
    """A subject ended otherwise, or at another time, than it was told to."""


class SubjectProcess:
    """One that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._said = asyncio.create_task(_all(process.stderr))

    async def tell(self) -> None:
        """Go on to the next topic, or end."""
        if self._process.stdin is not None:
            self._process.stdin.write(b"\n")
            await self._process.stdin.drain()

    def cpu_seconds(self) -> float:
        """What it has used so far, of all cores; to the hundredth."""
        return cpu_seconds([self._process.pid])

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this while it lives.

        Raises:
            SubjectFailed: it has ended before.
        """
        doing = asyncio.create_task(work)
        living = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait({doing, living}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise SubjectFailed(await self._words())
            return doing.result()
        finally:
            for task in (doing, living):
                task.cancel()

    async def ended(self) -> None:
        """Wait for its end, as it has been told to.

        Raises:
            SubjectFailed: it does not end, or not well.
        """
        try:
            code = await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            raise SubjectFailed("it would not end") from None
        if code:
            raise SubjectFailed(await self._words())

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._said

    async def _words(self) -> str:
        said = await self._said
        return f"it ended with {self._process.returncode}: {said[-LAST_WORDS:]}"


@asynccontextmanager
async def running(command: Sequence[str]) -> AsyncIterator[SubjectProcess]:
    """A subject; what is left of it when the context ends is killed."""
    pipe = asyncio.subprocess.PIPE
    process = SubjectProcess(
        await asyncio.create_subprocess_exec(*command, stdin=pipe, stderr=pipe)
    )
    try:
        yield process
    finally:
        await process.kill()


async def _all(stream: asyncio.StreamReader | None) -> str:
    return "" if stream is None else (await stream.read()).decode(errors="replace")

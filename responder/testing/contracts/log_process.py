"""Members and writers in processes of their own, which the contract suite kills and stops.

A harness names a *recipe*: `module:function`, an async function that takes the JSON-able arguments
and gives a `Log` (for a member) or a `LogWriter` (for a writer). Run as a program, this module is
the child: it reports what happens as JSON lines and ends when its standard input does, so that no
child outlives the test run.
"""

import asyncio
import base64
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib import import_module
from itertools import count
from typing import Any, TextIO

from typing_extensions import override

from responder.stream.log import Assignment, NewRecord, Partition
from responder.testing.contracts.log_harness import LocalMember

Recipe = Callable[[Mapping[str, Any]], Awaitable[Any]]
STEP_SECONDS = 0.02
PAST = "commit past"


class _Child:
    """A running child and the JSON lines that it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def spawn(cls, *arguments: str) -> "_Child":
        pipe = asyncio.subprocess.PIPE
        program = (sys.executable, "-m", "responder.testing.contracts.log_process")
        return cls(
            await asyncio.create_subprocess_exec(*program, *arguments, stdin=pipe, stdout=pipe)
        )

    def heard(self, said: dict[str, Any]) -> None:
        raise NotImplementedError

    def say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def end(self) -> None:
        """Wait until it has ended and all it said is read."""
        await self._reading
        await self._process.wait()

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        await self.end()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.heard(json.loads(line))


class ProcessMember(_Child):
    """A `Member` in a process of its own; `spawn` one with `start_member`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__(process)
        self.owned: frozenset[Assignment] = frozenset()
        self.seen: list[tuple[Assignment, int, bytes]] = []
        self._commits: asyncio.Queue[str | None] = asyncio.Queue()

    @override
    def heard(self, said: dict[str, Any]) -> None:
        if said["event"] == "owned":
            self.owned = frozenset(_assignment(a) for a in said["assignments"])
        elif said["event"] == "record":
            value = base64.b64decode(said["value"])
            self.seen.append((_assignment(said["assignment"]), said["offset"], value))
        else:
            self._commits.put_nowait(said["error"])

    async def commit(self, *, of_the_past: bool = False) -> str | None:
        self.say(PAST if of_the_past else "commit")
        return await self._commits.get()

    async def stop(self) -> None:
        self.say("stop")
        await self.end()

    async def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    async def thaw(self) -> None:
        self.signal(signal.SIGCONT)


class ProcessWriter(_Child):
    """An `AppendingProcess`; start one with `start_writer`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__(process)
        self.acknowledged: list[bytes] = []

    @override
    def heard(self, said: dict[str, Any]) -> None:
        self.acknowledged.append(base64.b64decode(said["value"]))


async def start_member(
    recipe: str, arguments: Mapping[str, Any], topic: str, group: str
) -> ProcessMember:
    member = await ProcessMember.spawn("member", recipe, json.dumps(arguments), topic, group)
    assert isinstance(member, ProcessMember)
    return member


async def start_writer(recipe: str, arguments: Mapping[str, Any], topic: str) -> ProcessWriter:
    writer = await ProcessWriter.spawn("writer", recipe, json.dumps(arguments), topic)
    assert isinstance(writer, ProcessWriter)
    return writer


def _assignment(parts: list[Any]) -> Assignment:
    topic, number, epoch = parts
    return Assignment(Partition(topic, number), epoch)


# What runs in the child.


class _Report:
    """Says once, and in order, what a member sees."""

    def __init__(self, member: LocalMember, out: TextIO) -> None:
        self._member = member
        self._out = out
        self._records = 0
        self._owned: frozenset[Assignment] = frozenset()

    def say(self, event: str, **data: object) -> None:
        self._out.write(json.dumps({"event": event, **data}) + "\n")
        self._out.flush()

    def catch_up(self) -> None:
        if self._owned != self._member.owned:
            self._owned = self._member.owned
            self.say("owned", assignments=[_parts(a) for a in self._owned])
        for assignment, record in self._member.delivered[self._records :]:
            value = base64.b64encode(record.value).decode()
            self.say("record", assignment=_parts(assignment), offset=record.offset, value=value)
        self._records = len(self._member.delivered)

    async def forever(self) -> None:
        while True:
            self.catch_up()
            await asyncio.sleep(STEP_SECONDS)


def _parts(assignment: Assignment) -> list[object]:
    return [assignment.partition.topic, assignment.partition.number, assignment.epoch]


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _be_member(make: Recipe, arguments: Mapping[str, Any], topic: str, group: str) -> None:
    member = LocalMember(await make(arguments))
    report = _Report(member, sys.stdout)
    await member.start(topic, group)
    reporting = asyncio.create_task(report.forever())
    async for line in await _standard_input():
        if line.strip() == b"stop":
            break
        error = await member.commit(of_the_past=line.decode().strip() == PAST)
        report.say("commit", error=error)
    reporting.cancel()
    await member.stop()


async def _be_writer(make: Recipe, arguments: Mapping[str, Any], topic: str) -> None:
    writer = await make(arguments)
    for n in count():
        value = b"%d" % n
        await writer.append([NewRecord(topic, b"k", value)])
        said = {"value": base64.b64encode(value).decode()}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def main(kind: str, recipe: str, arguments: str, *where: str) -> None:
    module, _, function = recipe.partition(":")
    make: Recipe = getattr(import_module(module), function)
    be = _be_member if kind == "member" else _be_writer
    asyncio.run(be(make, json.loads(arguments), *where))


if __name__ == "__main__":
    main(*sys.argv[1:])

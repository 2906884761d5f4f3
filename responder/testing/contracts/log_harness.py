"""What an adapter of the log lends to the contract suite, and the members the suite drives.

A harness says what it cannot do, each with the reason; the rows that need it are skipped with that
reason. Everything else must pass.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from responder.stream.log import (
    Assignment,
    Corrupt,
    Log,
    LogError,
    LogWriter,
    Partition,
    Record,
    Unreachable,
)

POLL_WAIT_SECONDS = 0.1
ROOM = 1_000


class Power(Enum):
    """What a harness may be unable to do to its log."""

    STOP_SERVER = "stop the log and start it again, with its data"
    KILL_SERVER = "kill the log with -9 and start it again"
    PAUSE_SERVER = "let the log hang without closing a connection"
    KILL_MEMBER = "kill a member with -9"
    KILL_WRITER = "kill a writer with -9"
    FREEZE_MEMBER = "stop a member's process and let it go on later"
    WRONG_CREDENTIALS = "come with wrong credentials"
    CORRUPT = "make a stored record unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """In seconds: what the adapter was configured with. `slack` is added for a slow machine."""

    session: float
    """A member that is gone loses its partitions after this."""
    poll_limit: float
    """A member that neither polls nor keeps alive is put out after this."""
    pause_after: float
    """A partition without room is really paused after this."""
    append: float
    commit: float
    start: float
    stop: float
    slack: float = 5.0


class Member(Protocol):
    """A consumer with a poll loop of its own, perhaps in a process of its own."""

    @property
    def owned(self) -> frozenset[Assignment]:
        """What it owns now."""

    @property
    def seen(self) -> list[tuple[Assignment, int, bytes]]:
        """Everything delivered to it so far: assignment, offset, value."""

    async def commit(self, *, of_the_past: bool = False) -> str | None:
        """Commit all that was delivered of what it owns; gives the name of the error, if any.

        `of_the_past`: of what it ever owned, whoever owns it now.
        """

    async def stop(self) -> None: ...

    async def kill(self) -> None:
        """End it at once: it says nothing to anybody."""

    async def freeze(self) -> None:
        """Stop it where it stands; its connections stay open."""

    async def thaw(self) -> None: ...


class AppendingProcess(Protocol):
    """A writer in a process of its own, which appends 0, 1, 2 … until it is killed."""

    @property
    def acknowledged(self) -> list[bytes]: ...

    async def kill(self) -> None: ...


class LogHarness(Protocol):
    """One log for one test: the suite makes its own topics and groups on it."""

    limits: Limits
    max_record_bytes: int
    """The largest value that is certainly taken is 900 kB; above this one it is certainly not."""
    cannot: Mapping[Power, str]
    """What this harness has no power over, each with the reason."""

    async def topic(self, partitions: int) -> str:
        """Make a topic of a new name."""

    def log(self) -> Log:
        """A consumer that has not started; the suite stops it."""

    async def writer(self) -> LogWriter:
        """A writer, ready for use; the suite stops it."""

    async def outsider(self, topic: str, group: str) -> Member:
        """A started member that can be killed or frozen (`KILL_MEMBER`, `FREEZE_MEMBER`).

        `responder.testing.contracts.log_process` has one in a process of its own.
        """

    async def outside_writer(self, topic: str) -> AppendingProcess:
        """`KILL_WRITER`: a started writer that can be killed."""

    def stranger(self) -> Log:
        """`WRONG_CREDENTIALS`: a consumer that the log will refuse."""

    async def stop_server(self) -> None: ...

    async def start_server(self) -> None: ...

    async def kill_server(self) -> None:
        """`KILL_SERVER`: returns when it is dead; `start_server` starts it again."""

    async def pause_server(self) -> None: ...

    async def resume_server(self) -> None: ...

    async def corrupt(self, partition: Partition, offset: int) -> None:
        """`CORRUPT`: make this record, and no other partition, unreadable."""


@dataclass
class LocalMember:
    """A member in this process; what a harness's `outsider` may build upon.

    Raising `Unreachable` ends a membership for good: `lost` is set then, and the suite, like the
    runtime's supervisor, starts another one.
    """

    log: Log
    room: int = ROOM
    owned_now: set[Assignment] = field(default_factory=set)
    ever_owned: list[Assignment] = field(default_factory=list)
    events: list[tuple[str, Assignment]] = field(default_factory=list)
    delivered: list[tuple[Assignment, Record]] = field(default_factory=list)
    late: list[Record] = field(default_factory=list)
    corrupt: list[Corrupt] = field(default_factory=list)
    assign_error: Exception | None = None
    """Raised once, by the next `on_assign`."""
    revoke_error: Exception | None = None
    errors: list[Exception] = field(default_factory=list)
    commit_on_revoke: bool = False
    full: set[Partition] = field(default_factory=set)
    lost: bool = False
    _loop: asyncio.Task[None] | None = None
    _stopping: bool = False

    @property
    def owned(self) -> frozenset[Assignment]:
        return frozenset(self.owned_now)

    @property
    def seen(self) -> list[tuple[Assignment, int, bytes]]:
        return [(a, r.offset, r.value) for a, r in self.delivered]

    @property
    def values(self) -> list[bytes]:
        return [r.value for _, r in self.delivered]

    async def start(self, topic: str, group: str) -> None:
        await self.log.start([topic], group, self)
        self._loop = asyncio.create_task(self._poll())

    async def on_revoke(self, assignments: Collection[Assignment]) -> None:
        if self.commit_on_revoke and (points := self.points(assignments)):
            with suppress(LogError):
                await self.log.commit(points)
        self.owned_now.difference_update(assignments)
        self.events += [("revoked", a) for a in assignments]
        if self.revoke_error is not None:
            error, self.revoke_error = self.revoke_error, None
            raise error

    async def on_assign(self, assignments: Collection[Assignment]) -> None:
        self.owned_now.update(assignments)
        self.ever_owned += assignments
        self.events += [("assigned", a) for a in assignments]
        if self.assign_error is not None:
            error, self.assign_error = self.assign_error, None
            raise error

    def points(self, of: Collection[Assignment]) -> dict[Assignment, int]:
        """The next offset to read of each that had something delivered."""
        return {a: r.offset + 1 for a, r in self.delivered if a in of}

    async def commit(self, *, of_the_past: bool = False) -> str | None:
        try:
            await self.log.commit(self.points(self.ever_owned if of_the_past else self.owned_now))
        except LogError as refused:
            return type(refused).__name__
        return None

    async def pause_polling(self) -> None:
        """End the poll loop, so that the test can poll by hand."""
        self._stopping = True
        self.log.wake()
        if self._loop is not None:
            await self._loop

    async def stop(self) -> None:
        await self.pause_polling()
        await self.log.stop()

    async def kill(self) -> None:
        raise NotImplementedError("a member of this process cannot be killed")

    async def freeze(self) -> None:
        raise NotImplementedError("a member of this process cannot be frozen")

    async def thaw(self) -> None:
        raise NotImplementedError("a member of this process cannot be frozen")

    async def _poll(self) -> None:
        while not self._stopping and not self.lost:
            try:
                await self._turn()
            except Corrupt as corrupt:
                self.corrupt.append(corrupt)
                await asyncio.sleep(POLL_WAIT_SECONDS)
            except Unreachable:
                self.lost = True
            except Exception as error:  # noqa: BLE001 - the test looks at `errors`
                self.errors.append(error)
            await asyncio.sleep(0)

    async def _turn(self) -> None:
        room = {a: 0 if a.partition in self.full else self.room for a in self.owned_now}
        if room and not any(room.values()):
            await self.log.keepalive()
            await asyncio.sleep(POLL_WAIT_SECONDS)
            return
        batch = await self.log.poll(room, POLL_WAIT_SECONDS)
        for assignment, records in batch.items():
            if assignment in self.owned_now:
                self.delivered += [(assignment, r) for r in records]
            else:
                self.late += records

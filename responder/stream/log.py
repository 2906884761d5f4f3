"""The log port: what the runtime, the gateway and the relay may assume of a partitioned log.

Apache Kafka, the log kept in PostgreSQL and the small in-memory one pass one contract suite
(`responder.testing.contracts.log`). No client library's exception ever crosses this port.

An *assignment* is one partition in one ownership *epoch*. Epochs of a partition never repeat, so a
member that lost a partition and got it back cannot confuse old work with new.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to append. Without a key the log chooses a partition; equal keys share one."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Partition:
    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """One partition while one member owns it."""

    partition: Partition
    epoch: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where an acknowledged record stands. `offset` is None where the log does not tell."""

    partition: Partition
    offset: int | None


class Record(NamedTuple):
    """One record as the log gives it. A tuple: nothing that is immutable is made in less time."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes
    headers: Headers
    appended_at: datetime
    """When the log took it (aware, UTC): the broker's or the database's clock, never ours."""


class LogError(Exception):
    """The log answered with something that the runtime has a plan for."""


class Rejected(LogError):
    """The log refused the append: nothing was written, and the same append will be refused again."""


class TopicClosed(Rejected):
    """The log takes nothing for this topic until an operator makes or opens it."""

    def __init__(self, topic: str, why: str) -> None:
        super().__init__(f"nothing can be appended to {topic}: {why}")
        self.topic = topic


class Unknown(LogError):
    """No answer in time, or none that settles it: what was asked may have happened."""


class Fenced(LogError):
    """The partition belongs to somebody else by now; nothing of this commit was stored."""

    def __init__(self, assignments: Collection[Assignment]) -> None:
        super().__init__(f"no longer the owner of {len(assignments)} partition(s)")
        self.assignments = frozenset(assignments)


class Rebalancing(LogError):
    """Commits are refused until the new assignment is known; nothing was stored."""


class Unreachable(LogError):
    """The log cannot be reached, or refuses our credentials; says which, without secrets."""


class Corrupt(LogError):
    """A batch of a partition cannot be read. Other partitions go on; an operator may skip past it."""

    def __init__(self, partition: Partition, offset: int, why: str) -> None:
        super().__init__(f"{partition.topic}[{partition.number}] is unreadable at {offset}: {why}")
        self.partition = partition
        self.offset = offset


class RebalanceListener(Protocol):
    """Told about ownership. Both are awaited by the log, inside its own deadline.

    `on_assign` ends every rebalance, also when it brings nothing.
    """

    async def on_revoke(self, assignments: Collection[Assignment]) -> None:
        """These end now. A commit made in here still counts; after it nothing of them arrives."""

    async def on_assign(self, assignments: Collection[Assignment]) -> None:
        """These begin, each at its committed offset, or at the earliest record if there is none."""


class Log(Protocol):
    """One consumer of one group. Not safe for two concurrent `poll` calls; all else may overlap."""

    async def start(self, topics: Collection[str], group: str, listener: RebalanceListener) -> None:
        """Join the group.

        Raises:
            Unreachable: the log is down or refuses us; nothing was joined and no retry goes on.
        """

    async def poll(
        self, room: Mapping[Assignment, int], wait: float
    ) -> Mapping[Assignment, Sequence[Record]]:
        """Read at most `room[a]` records of each assignment, waiting at most `wait` seconds.

        Returns earlier when a record arrives, on `wake()`, or with whatever is there. A partition
        that is missing from `room`, or has 0, gives nothing and does not slow the others. Must not
        be cancelled. An exception raised in a listener's callback comes out of the next `poll`.

        Raises:
            Corrupt: one partition is stuck at an unreadable batch. Raised again and again, but never
                instead of another partition's records, until somebody commits past it.
            Unreachable: the membership is lost for good; the supervisor builds a new consumer.
        """

    async def commit(self, points: Mapping[Assignment, int]) -> None:
        """Store for each assignment the next offset to read after a restart.

        Raises:
            Fenced: those assignments are lost; nothing was stored for them.
            Rebalancing: refused locally; try again after the next `on_assign`.
            Unknown: no answer within the log's commit time-out; it may still land, harmlessly.
        """

    async def committed(self, partition: Partition) -> int | None:
        """The group's next offset to read, or None if it never committed."""

    async def end(self, partition: Partition) -> int:
        """The offset that the next record of this partition will get."""

    async def keepalive(self) -> None:
        """Stay a member without reading. Called instead of `poll` while there is no room."""

    def wake(self) -> None:
        """Let a waiting `poll` return now."""

    async def stop(self) -> None:
        """Leave the group, in bounded time, also with the log down. Twice is harmless.

        Calls no `on_revoke`: whoever stops has drained before.
        """


class LogWriter(Protocol):
    """Appends durably: an acknowledged record survives kill -9 of everything."""

    async def append(self, records: Sequence[NewRecord]) -> list[Position]:
        """Append all, in order per key, and wait until the log has them.

        Raises:
            Rejected: the log refuses one of them (too large, say); **nothing** of a single-record
                append was written.
            TopicClosed: a kind of `Rejected`, when it is the topic that is unknown or forbidden.
            Unknown: no answer in time; any of them may be there. Appending again may repeat them.
            Unreachable: the log is known to be away; nothing was written.
        """

    async def stop(self) -> None:
        """Flush and close, in bounded time. Twice is harmless."""

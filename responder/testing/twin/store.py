"""A small database in memory: transactions that read what is committed, locks, and nothing else.

It is for the simulation alone, since virtual time cannot run over a socket. What the stages rely on
in PostgreSQL at `READ COMMITTED` holds here: a transaction sees what is committed and what it wrote
itself, all of it becomes visible at once or nothing does, a lock is held until the end, whoever waits
in a circle is refused, and a key stands once.

Everything that is said to it passes a `Wire`, where a simulation delays, refuses and loses it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

from responder.engagement.errors import Unavailable
from responder.engagement.ports import Clock

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

LOCK_SECONDS = 30.0
"""As long as the real adapter waits for a statement."""


class Wire(Protocol):
    """What lies between a process and the database."""

    async def statement(self) -> None:
        """One statement goes there and comes back. Raises Unavailable: nothing came of it."""

    async def commit(self, apply: Callable[[], None]) -> None:
        """Make it so by `apply`, once, or not. Raises Unavailable, whether it was made so or not."""


class OpenWire:
    """Nothing gets lost, and nothing takes time."""

    async def statement(self) -> None:
        await asyncio.sleep(0)

    async def commit(self, apply: Callable[[], None]) -> None:
        await asyncio.sleep(0)
        apply()


class Doubled(AssertionError):
    """A key that may stand once was to be written twice: a bug, never swallowed."""


class Table(Generic[K, R]):
    """Committed rows by key, in the order in which they came."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows: dict[K, R] = {}


@dataclass(eq=False)
class _Lock:
    owner: "Transaction | None" = None
    waiting: "deque[tuple[Transaction, asyncio.Future[None]]]" = field(default_factory=deque)


class Locks:
    """Who holds what until its transaction ends; first come, first served."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, _Lock] = {}

    async def take(self, key: Hashable, by: "Transaction") -> None:
        """Raises Unavailable in a circle, and where it lasts too long."""
        lock = self._locks.setdefault(key, _Lock())
        if lock.owner is by:
            return
        if lock.owner is None:
            lock.owner = by
            by.held.append(key)
            return
        by.waits_for = key
        try:
            self._refuse_circle(by)
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            lock.waiting.append((by, turn))
            async with asyncio.timeout(LOCK_SECONDS):
                await turn
        except TimeoutError:
            raise _away("a lock is held") from None
        finally:
            by.waits_for = None

    def is_free(self, key: Hashable, by: "Transaction") -> bool:
        lock = self._locks.get(key)
        return lock is None or lock.owner in {None, by}

    def give_back(self, by: "Transaction") -> None:
        for key in by.held:
            self._pass_on(key, self._locks[key])
        by.held = []

    def _pass_on(self, key: Hashable, lock: _Lock) -> None:
        lock.owner = None
        while lock.waiting:
            following, turn = lock.waiting.popleft()
            if not turn.done():
                lock.owner = following
                following.held.append(key)
                following.waits_for = None
                turn.set_result(None)
                return
        del self._locks[key]

    def _refuse_circle(self, by: "Transaction") -> None:
        held_up: Transaction | None = by
        while held_up is not None and held_up.waits_for is not None:
            held_up = self._locks[held_up.waits_for].owner
            if held_up is by:
                raise _away("SQLSTATE 40P01")


class Transaction:
    """What one transaction has written and holds."""

    def __init__(self, database: "Database", wire: Wire) -> None:
        self.held: list[Hashable] = []
        self.waits_for: Hashable | None = None
        self.after_commit: list[Callable[[], None]] = []
        self._locks = database.locks
        self._wire = wire
        self._clock = database.clock
        self._written: dict[Table[Any, Any], dict[Any, Any]] = {}
        self._made: list[tuple[Table[Any, Any], Hashable]] = []

    @property
    def clock(self) -> Clock:
        """The database's own."""
        return self._clock

    @property
    def has_written(self) -> bool:
        return any(self._written.values())

    async def statement(self) -> None:
        """What stands behind it is one statement; each transaction has one at least."""
        await self._wire.statement()

    async def lock(self, *keys: Hashable) -> None:
        """Wait for each, in the order given."""
        for key in keys:
            await self._locks.take(key, self)

    def is_free(self, key: Hashable) -> bool:
        """Whether nobody else holds it: what skips locked rows asks this."""
        return self._locks.is_free(key, self)

    def get(self, table: Table[K, R], key: K) -> R | None:
        """The row as this transaction sees it now."""
        found = self._of(table).get(key)
        return table.rows.get(key) if found is None else found

    def all(self, table: Table[K, R]) -> Iterator[tuple[K, R]]:
        """Every row as this transaction sees it now."""
        written = self._of(table)
        for key, row in list(table.rows.items()):
            yield key, written.get(key, row)
        for key, row in list(written.items()):
            if key not in table.rows:
                yield key, row

    def rows(self, table: Table[K, R]) -> Iterator[R]:
        return (row for _, row in self.all(table))

    def put(self, table: Table[K, R], key: K, row: R) -> None:
        self._of(table)[key] = row

    def insert(self, table: Table[K, R], key: K, row: R) -> None:
        """Raises Doubled where it stands already."""
        if self.get(table, key) is not None:
            raise Doubled(f"{table.name} {key}")
        self._made.append((table, key))
        self.put(table, key, row)

    def apply(self) -> None:
        """Make all of it visible. Raises Doubled, and then nothing is."""
        for table, key in self._made:
            if key in table.rows:
                raise Doubled(f"{table.name} {key}")
        for table, rows in self._written.items():
            table.rows.update(rows)
        for told in self.after_commit:
            told()

    def end(self) -> None:
        self._locks.give_back(self)

    def _of(self, table: Table[K, R]) -> dict[K, R]:
        return self._written.setdefault(table, {})


class Database:
    """Tables are the business of whoever uses it."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.locks = Locks()
        self._numbers = count(1)

    def number(self) -> int:
        """The next of an ascending row; what is rolled back leaves a gap."""
        return next(self._numbers)


T = TypeVar("T", bound=Transaction)


@asynccontextmanager
async def committed(tx: T, wire: Wire) -> AsyncIterator[T]:
    """One transaction, committed at the end of the block.

    Raises:
        Unavailable: as the real adapter does; the outcome is open if it came of the commit.
    """
    try:
        yield tx
        if tx.has_written:
            await wire.commit(tx.apply)
    finally:
        tx.end()


def _away(why: str) -> Unavailable:
    return Unavailable(what="the database", why=why, counts_as_attempt=False)

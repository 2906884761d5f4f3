"""Transactions on a real PostgreSQL, interleaved statement by statement as a seed says.

Each actor has a connection of its own and stops before every statement and every commit; one at a
time is let go on, by chance. A statement that waits for a lock of another actor is recognised
(PostgreSQL says who blocks whom), and its actor is passed over until that lock is given back. So
everything is decided between two statements, and the same chance gives the same run.

What it cannot see: what happens inside one statement, and two commits at the same instant.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

COMMIT = "COMMIT"
UNREST = (0.03, 0.15, 1.0)
"""How probably the order of who comes first is thrown anew after each step, in one run: from nearly
one after the other, which finds what needs somebody to be very late, to turn by turn."""
LOOK_SECONDS = 0.005
"""Whoever has not come to its next statement after this may be waiting for a lock; then we ask."""
LONGEST_SECONDS = 60.0

Act = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Passed:
    """One actor went on with one thing."""

    actor: str
    what: str
    """A statement in one line, `COMMIT`, or a moment that was named."""


@dataclass(slots=True, eq=False)
class _Actor:
    name: str
    task: "asyncio.Task[None] | None" = None
    gate: "asyncio.Future[None] | None" = None
    """It stands here until it is let go on; None while it moves."""
    wants: str = ""
    backend: int = 0
    """The server process that works for it; 0 outside a transaction."""

    @property
    def is_moving(self) -> bool:
        return self.gate is None and self.task is not None and not self.task.done()

    def go_on(self) -> Passed:
        if self.gate is None:
            raise RuntimeError(f"{self.name} does not wait")
        if self.wants == COMMIT:
            self.backend = 0  # its connection may be another's from now on
        self.gate.set_result(None)
        self.gate = None
        return Passed(self.name, self.wants)


_ACTOR: ContextVar[_Actor | None] = ContextVar("actor", default=None)


class Interleaver:
    """Sees every statement on an engine. Use as an async context manager, then `run` as often as you like.

    Statements outside a run, and in `undisturbed`, pass as if it were not there.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._stirred = asyncio.Event()
        self._monitor: asyncpg.Connection | None = None

    async def __aenter__(self) -> Self:
        url = self._engine.url.set(drivername="postgresql")
        self._monitor = await asyncpg.connect(url.render_as_string(hide_password=False))
        for name, listener in self._listeners():
            event.listen(self._engine.sync_engine, name, listener)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for name, listener in self._listeners():
            event.remove(self._engine.sync_engine, name, listener)
        if self._monitor is not None:
            await self._monitor.close()

    async def run(
        self, acts: Mapping[str, Act], chance: random.Random, passed: list[Passed]
    ) -> None:
        """Let all of them act at once until each is done; `passed` gets what went on, in order.

        Raises:
            Exception: what an actor raised, when all are done.
            TimeoutError: they did not come to an end within a minute.
        """
        cast = [_Actor(name) for name in acts]
        for actor in cast:
            actor.task = asyncio.create_task(self._play(actor, acts[actor.name]))
            actor.task.add_done_callback(lambda _: self._stirred.set())
        tasks = [actor.task for actor in cast if actor.task is not None]
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._conduct(cast, chance, passed)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            task.result()

    async def moment(self, what: str) -> None:
        """Stop here too: what follows happens outside the database, and its time matters."""
        actor = _ACTOR.get()
        if actor is not None:
            await self._stop(actor, what)

    async def _play(self, actor: _Actor, act: Act) -> None:
        _ACTOR.set(actor)
        await self._stop(actor, "begins")
        await act()

    async def _conduct(
        self, cast: Sequence[_Actor], chance: random.Random, passed: list[Passed]
    ) -> None:
        unrest = chance.choice(UNREST)
        order = chance.sample(cast, len(cast))
        while True:
            await self._until_all_stand(cast)
            foremost = next((actor for actor in order if actor.gate is not None), None)
            if foremost is None:
                return
            passed.append(foremost.go_on())
            if chance.random() < unrest:
                chance.shuffle(order)

    async def _until_all_stand(self, cast: Sequence[_Actor]) -> None:
        """Each is done, or waits for its turn, or for a lock of one who does."""
        while True:
            self._stirred.clear()
            if not any(actor.is_moving for actor in cast):
                return
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._stirred.wait()
            except TimeoutError:
                if await self._only_wait_for_others(cast):
                    return

    async def _only_wait_for_others(self, cast: Sequence[_Actor]) -> bool:
        """Whether all that move are held up by locks, and somebody can give one back."""
        moving = [actor.backend for actor in cast if actor.is_moving]
        if 0 in moving or not any(actor.gate is not None for actor in cast):
            return False
        if self._monitor is None:
            raise RuntimeError("the interleaver is not open")
        everybody = [actor.backend for actor in cast if actor.backend]
        blocked = await self._monitor.fetch(
            "SELECT FROM unnest($1::int[]) AS b WHERE pg_blocking_pids(b) && $2::int[]",
            moving,
            everybody,
        )
        return len(blocked) == len(moving)

    def _listeners(self) -> Sequence[tuple[str, Callable[..., None]]]:
        return (
            ("before_cursor_execute", self._before_statement),
            ("commit", self._before_commit),
            ("rollback", self._before_rollback),
        )

    def _before_statement(
        self, connection: Connection, _cursor: object, statement: str, *_rest: object
    ) -> None:
        self._stop_in(connection, " ".join(statement.split()))

    def _before_commit(self, connection: Connection) -> None:
        self._stop_in(connection, COMMIT)

    def _before_rollback(self, _connection: Connection) -> None:
        actor = _ACTOR.get()
        if actor is not None:
            actor.backend = 0

    def _stop_in(self, connection: Connection, what: str) -> None:
        actor = _ACTOR.get()
        if actor is None:
            return

        async def stop(driver: Any) -> None:
            actor.backend = driver.get_server_pid()
            await self._stop(actor, what)

        adapted: Any = connection.connection.dbapi_connection
        adapted.run_async(stop)

    async def _stop(self, actor: _Actor, what: str) -> None:
        actor.wants = what
        gate = actor.gate = asyncio.get_running_loop().create_future()
        self._stirred.set()
        await gate


@contextmanager
def undisturbed() -> Iterator[None]:
    """What an actor does in here happens in one go: nobody else goes on meanwhile."""
    token = _ACTOR.set(None)
    try:
        yield
    finally:
        _ACTOR.reset(token)

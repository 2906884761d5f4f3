"""One connection that comes back: every failure of it becomes an error of the log port.

The distinction that matters is whether anything may have happened. A call that could not be sent
is `Unreachable`. One that was sent and has no answer is `Unknown`. One that the database refused
with an error of its own is neither: it was rolled back, and `Refusal` carries the reason.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from responder.adapters.postgres.failures import BROKEN, FAILED
from responder.stream.log import LogError, Unknown, Unreachable

T = TypeVar("T")
Connection = asyncpg.Connection
Work = Callable[[Connection], Awaitable[T]]

# The connection is gone or the server is going: what was sent may have been done.
_GONE = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, *BROKEN)

_SERVER_SETTINGS = {
    "application_name": "responder log",
    "synchronous_commit": "on",  # whatever the server's default: what is acknowledged is on disk
}


class Refusal(LogError):
    """The database refused a statement; nothing of it was done."""

    def __init__(self, error: asyncpg.PostgresError) -> None:
        super().__init__(f"{type(error).__name__} (SQLSTATE {error.sqlstate})")
        self.sqlstate = error.sqlstate or ""

    @property
    def is_corruption(self) -> bool:
        """What is stored cannot be read (class XX: internal error, data or index corrupted)."""
        return self.sqlstate.startswith("XX")

    @property
    def is_final(self) -> bool:
        """Tables or rights are missing (class 42): only an operator can change that."""
        return self.sqlstate.startswith("42")


async def _nothing(_: Connection) -> None:
    """Needs no preparation."""


class Session:
    """A connection for one call at a time; opened when needed, replaced when broken."""

    def __init__(
        self,
        dsn: str,
        *,
        connect_seconds: float,
        prepare: Callable[[Connection], Awaitable[None]] = _nothing,
    ) -> None:
        """`prepare` is run on each new connection before anything else."""
        self._dsn = dsn
        self._connect_seconds = connect_seconds
        self._prepare = prepare
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()
        self._is_closed = False

    async def call(self, work: Work[T], *, within: float) -> T:
        """Do `work` on the connection, which it must leave outside any transaction.

        Args:
            work: at most one statement that changes anything, since it may be cut off anywhere.
            within: seconds, with the wait for calls before it.

        Raises:
            Unreachable: nothing was sent.
            Unknown: it was sent, and no answer came in time.
            Refusal: the database answered with an error.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        try:
            async with asyncio.timeout_at(deadline):
                await self._turn.acquire()
        except TimeoutError:
            raise Unreachable("the database has not answered earlier calls") from None
        try:
            connection = await self._open(deadline - loop.time())
            return await self._answer(connection, work, deadline - loop.time())
        finally:
            self._turn.release()

    async def open(self) -> None:
        """Connect now rather than at the first call. Raises `Unreachable`."""
        async with self._turn:
            await self._open(self._connect_seconds)

    async def close(self) -> None:
        """Let go, without waiting for the server."""
        self._is_closed = True
        self._drop()
        # The transport closes in the next turn of the loop; until then the socket is open.
        await asyncio.sleep(0)

    async def _open(self, within: float) -> Connection:
        if self._is_closed:
            raise Unreachable("it is stopped")
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        try:
            async with asyncio.timeout(min(within, self._connect_seconds)):
                self._connection = await asyncpg.connect(
                    self._dsn, timeout=self._connect_seconds, server_settings=_SERVER_SETTINGS
                )
                await self._prepare(self._connection)
        except FAILED as e:
            self._drop()
            raise Unreachable(_why(e)) from e
        return self._connection

    async def _answer(self, connection: Connection, work: Work[T], within: float) -> T:
        """Never waits for a cancelled query to end, as the client library would."""
        answer = asyncio.ensure_future(work(connection))
        try:
            await asyncio.wait([answer], timeout=within)
            if answer.done():
                return answer.result()
        except _GONE as e:
            self._drop()
            raise Unknown(_why(e)) from e
        except asyncpg.PostgresError as e:
            raise Refusal(e) from e
        finally:
            if not answer.done():
                self._drop()  # ends the answer as well
                await asyncio.wait([answer])
                answer.exception()
        raise Unknown("the database does not answer")

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None


def _why(error: Exception) -> str:
    """The kind, and the server's code: its words may hold a user's or a host's name."""
    sqlstate = getattr(error, "sqlstate", None)
    return type(error).__name__ + (f" (SQLSTATE {sqlstate})" if sqlstate else "")

"""That of several processes one does something at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from responder.adapters.postgres.failures import FAILED
from responder.engagement.errors import Unavailable

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LIVENESS = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
"""A holder whose machine went dark is given up by the server after a minute, not after hours."""


@asynccontextmanager
async def turn(dsn: str, *, lock_class: int, name: str) -> AsyncIterator[bool]:
    """Whether it is our turn; then it is nobody else's until the block ends.

    The lock belongs to a session of its own: what is done meanwhile may take minutes, and neither a
    transaction stays open for it nor a connection of the pool. It ends with the process, however
    that ends. Whoever loses the connection in the middle does not notice, so what is done must bear
    that somebody else begins it.

    Args:
        dsn: direct, not through a pooler.
        lock_class: tells these turns from other locks.
        name: what there is one turn of.

    Raises:
        Unavailable: the database is away; the block did not begin.
    """
    try:
        connection = await asyncpg.connect(
            dsn, timeout=5, command_timeout=30, server_settings=LIVENESS
        )
    except FAILED as error:
        raise _away(error) from error
    try:
        yield await _is_taken(connection, lock_class, name)
    finally:
        await _let_go(connection)


async def _is_taken(connection: Connection, lock_class: int, name: str) -> bool:
    try:
        return bool(
            await connection.fetchval(
                "SELECT pg_try_advisory_lock($1, hashtext($2))", lock_class, name
            )
        )
    except FAILED as error:
        raise _away(error) from error


async def _let_go(connection: Connection) -> None:
    """At once, so that the next turn can follow: the server only notices later that we hung up."""
    try:
        await connection.execute("SELECT pg_advisory_unlock_all()")
    except FAILED:
        return  # then the session has ended, and its lock with it
    finally:
        connection.terminate()


def _away(error: Exception) -> Unavailable:
    return Unavailable(what="the database", why=type(error).__name__, counts_as_attempt=False)

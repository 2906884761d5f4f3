"""The connection pool, and what every adapter in this folder shares about transactions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from responder.engagement.errors import Unavailable

RETRIED_SQLSTATES = frozenset({"25006", "40001", "40P01", "55P03", "57014"})
"""The server only reads (a standby that is not promoted yet), serialisation failure, deadlock, lock
not available, statement time-out: nothing happened."""
IDLE_SECONDS = 45.0
"""Many times what one of our transactions does nothing for, and less than anything may be down."""
AWAY_CLASSES = ("08", "53", "57P")
"""Connection lost or refused, out of room or of connections, starting or stopping.

Source: PostgreSQL 18, Appendix A, "PostgreSQL Error Codes".
"""


def engine_url(dsn: str) -> URL:
    """A `postgresql://` DSN as the URL of our driver; a socket folder may stand in `host`."""
    return make_url(dsn).set(drivername="postgresql+asyncpg")


def make_engine(
    dsn: str,
    *,
    pool_size: int = 8,
    statement_seconds: float | None = 30,
    idle_seconds: float = IDLE_SECONDS,
) -> AsyncEngine:
    """A pool that never waits longer than 5 s for a connection, and replaces those that ended.

    No statement is waited for longer than `statement_seconds`. A transaction in which nothing is
    asked for `idle_seconds` is given up by the server: whoever made it stands still, and others wait
    for its locks.

    Statements are planned anew for the tables as they are: a plan that was kept from when a ledger
    was empty read every comment once for each of a batch, until statistics were gathered.
    """
    engine = create_async_engine(
        engine_url(dsn),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        connect_args={
            "timeout": 5,
            "command_timeout": statement_seconds,
            "server_settings": {
                "plan_cache_mode": "force_custom_plan",
                "idle_in_transaction_session_timeout": str(int(idle_seconds * 1_000)),
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _replace_ended)
    return engine


def _replace_ended(connection: Any, _record: Any, _proxy: Any) -> None:
    """What a server ended while it lay in the pool is known here, without a word to the server.

    SQLAlchemy's own check (`pool_pre_ping`) is three statements before each transaction.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


@asynccontextmanager
async def patient(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """The same database, for statements that go through a whole ledger and may take minutes."""
    url = engine.url.render_as_string(hide_password=False)
    unhurried = make_engine(url, pool_size=1, statement_seconds=None)
    try:
        yield unhurried
    finally:
        await unhurried.dispose()


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction, committed at the end of the block.

    Raises:
        Unavailable: the database is away, busy or in conflict; nothing was committed, with one
            exception: a connection lost *during* commit leaves the outcome open, which the inbox
            settles when the event comes again.
    """
    try:
        async with engine.begin() as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout, OSError) as error:
        raise _away(type(error).__name__) from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_for_later(_sqlstate(error)):
            raise _away(f"SQLSTATE {_sqlstate(error)}") from error
        raise


def _away(why: str) -> Unavailable:
    """No record is at fault for it: an outage must not fill the dead letters."""
    return Unavailable(what="the database", why=why, counts_as_attempt=False)


def _is_for_later(sqlstate: str) -> bool:
    return sqlstate in RETRIED_SQLSTATES or sqlstate.startswith(AWAY_CLASSES)


def _sqlstate(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""

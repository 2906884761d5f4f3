"""Whatever way a database is away, whoever asked it hears the one error that means: later."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine, transaction
from responder.engagement.errors import Unavailable
from responder.stream.handler import Retry, outcome_of

NOT_NOW = {
    "57P03": "the database system is starting up",
    "57P01": "terminating connection due to administrator command",
    "53300": "sorry, too many clients already",
    "53100": "could not extend file: No space left on device",
    "08006": "the connection failed",
}


@asynccontextmanager
async def a_server_that_says(sqlstate: str) -> AsyncIterator[str]:
    """It answers each connection with one fatal error; gives its address.

    Source: PostgreSQL 18, "Message Formats" (ErrorResponse) and "Error and Notice Message Fields".
    """
    fields = f"SFATAL\0VFATAL\0C{sqlstate}\0M{NOT_NOW[sqlstate]}\0\0".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!I", await reader.readexactly(4))
        await reader.readexactly(length - 4)
        writer.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://anybody@127.0.0.1:{port}/any?ssl=disable"


@pytest.mark.parametrize("sqlstate", NOT_NOW)
async def test_a_server_that_cannot_take_us_now_is_unavailable(sqlstate: str) -> None:
    async with a_server_that_says(sqlstate) as address:
        engine = make_engine(address)
        with pytest.raises(Unavailable) as away:
            async with transaction(engine) as connection:
                await connection.execute(text("SELECT 1"))
        await engine.dispose()
    outcome = outcome_of(away.value)
    assert isinstance(outcome, Retry)
    assert not outcome.counts, "an outage would fill the dead letters with what is not at fault"


@pytest.mark.parametrize("has_more_to_do", [True, False])
@pytest.mark.fault(9)
async def test_a_connection_that_ends_in_the_middle_or_before_the_commit_is_unavailable(
    database: Dsn, *, has_more_to_do: bool
) -> None:
    engine, other = make_engine(database.url()), make_engine(database.url())

    async def be_ended() -> None:
        async with transaction(engine) as connection:
            found = await connection.execute(text("SELECT pg_backend_pid()"))
            async with transaction(other) as killer:
                await killer.execute(
                    text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": found.scalar_one()}
                )
            if has_more_to_do:
                await connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        await be_ended()
    await engine.dispose()
    await other.dispose()


@pytest.mark.fault(13)
async def test_a_server_that_only_reads_is_unavailable(database: Dsn) -> None:
    """A standby, until it is promoted: whoever was led there too early comes again."""
    engine, other = make_engine(database.url()), make_engine(database.url())
    async with transaction(other) as connection:
        reads = f'ALTER DATABASE "{database.database}" SET default_transaction_read_only = on'
        await connection.execute(text(reads))
    with pytest.raises(Unavailable):
        async with transaction(engine) as connection:
            await connection.execute(text("CREATE TABLE written (by text)"))
    await engine.dispose()
    await other.dispose()


async def test_a_connection_that_ended_while_nobody_used_it_is_replaced_unnoticed(
    database: Dsn,
) -> None:
    engine, other = make_engine(database.url(), pool_size=1), make_engine(database.url())
    async with transaction(engine) as connection:
        pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    async with transaction(other) as killer:
        await killer.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
    async with transaction(engine) as connection:
        assert (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one() != pid
    await engine.dispose()
    await other.dispose()

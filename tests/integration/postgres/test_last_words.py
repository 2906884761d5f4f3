"""A server that goes says so to every connection, and the socket may close some moments later.

Who asks in those moments is told the same as who asks after them: not now.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import make_engine, transaction
from responder.adapters.postgres.log.session import Connection, Session
from responder.adapters.postgres.turns import turn
from responder.engagement.errors import Unavailable
from responder.stream.log import Unknown

FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
LAST_WORDS = b"E" + struct.pack("!I", len(FIELDS) + 4) + FIELDS
"""Source: PostgreSQL 18, "Message Formats" (ErrorResponse) and "Error and Notice Message Fields"."""


class LeavingServer:
    """Stands before a real server, and can say for it that it goes, without going."""

    def __init__(self, target: Dsn) -> None:
        self._target = target
        self._clients: list[asyncio.StreamWriter] = []

    async def say_goodbye(self) -> None:
        """To all who are connected; returns when they have had time to hear it."""
        for client in self._clients:
            client.write(LAST_WORDS)
            await client.drain()
        for _ in range(10):  # both ends live in this loop: it hears before it goes on
            await asyncio.sleep(0)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield replace(self._target, host="127.0.0.1", port=port).url()
            for client in self._clients:
                client.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.append(writer)
        socket = f"{self._target.host}/.s.PGSQL.{self._target.port}"
        back, forth = await asyncio.open_unix_connection(socket)
        passing = asyncio.create_task(self._pass(back, writer))
        await self._pass(reader, forth)
        await passing

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()


@pytest.fixture
async def leaving(database: Dsn) -> LeavingServer:
    return LeavingServer(database)


async def test_a_transaction_is_told_to_come_later(leaving: LeavingServer) -> None:
    async def ask(*, as_it_goes: bool) -> int:
        async with transaction(engine) as connection:
            if as_it_goes:
                await leaving.say_goodbye()
            return int((await connection.execute(text("SELECT 1"))).scalar_one())

    async with leaving.listening() as address:
        engine = make_engine(address)
        assert await ask(as_it_goes=False) == 1
        with pytest.raises(Unavailable):
            await ask(as_it_goes=True)
        assert await ask(as_it_goes=False) == 1
        await engine.dispose()


async def test_the_log_does_not_know_what_became_of_a_call_and_the_next_one_is_served(
    leaving: LeavingServer,
) -> None:
    async def ask(connection: Connection) -> int:
        return int(await connection.fetchval("SELECT 1"))

    async def ask_when_it_goes(connection: Connection) -> int:
        await leaving.say_goodbye()
        return await ask(connection)

    async with leaving.listening() as address:
        session = Session(address, connect_seconds=5)
        assert await session.call(ask, within=5) == 1
        with pytest.raises(Unknown):
            await session.call(ask_when_it_goes, within=5)
        assert await session.call(ask, within=5) == 1
        await session.close()


async def test_a_turn_that_is_let_go_meanwhile_is_over(leaving: LeavingServer) -> None:
    async with leaving.listening() as address:
        async with turn(address, lock_class=1, name="blog") as is_ours:
            assert is_ours
            await leaving.say_goodbye()
        async with turn(address, lock_class=1, name="blog") as is_ours_again:
            assert is_ours_again

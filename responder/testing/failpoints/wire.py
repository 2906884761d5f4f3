"""A wire to PostgreSQL that can be held, or cut, at any request.

A small server between a process and its database. Whatever is asked of the ledger goes through it,
by whichever client, so every statement, transaction and lock is seen where a crash would meet it: a
request that was held before it was passed on never happened, one whose answer was held did.

Source: PostgreSQL 18, chapter 54, "Frontend/Backend Protocol". Spoken without TLS.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

from responder.adapters.postgres.dsn import Dsn
from responder.testing.failpoints.gate import AnswerLost, Call, Gate

_SSL_REQUEST = 80877103
_CANCEL_REQUEST = 80877102
_NO = b"N"
_IDLE = b"I"
_SENT_ON = frozenset({b"Q", b"S", b"H", b"X", b"p", b"d", b"c", b"f"})
"""What a client sends no more after, before it waits: query, sync, flush, end, password, copy."""
_MORE_FOLLOWS = frozenset({b"1", b"t"})
"""Parse complete, parameter description: a row description, or word of none, comes at once."""
_HARMLESS = ("BEGIN", "SELECT", "SHOW", "SET", "LISTEN", "ROLLBACK")
_OF_THE_CLIENT = ("SELECT current_setting('jit')", "WITH RECURSIVE typeinfo_tree")
"""How asyncpg 0.32 learns of types, once in a connection: nobody's call on a port."""
_GONE = (OSError, asyncio.IncompleteReadError, AnswerLost)


class PostgresWire:
    """Listens on 127.0.0.1 and passes on to `server`. Use as an async context manager."""

    def __init__(self, server: Dsn, gate: Gate) -> None:
        self._to = server
        self._gate = gate
        self._listening: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    @property
    def dsn(self) -> Dsn:
        """The database, by way of here."""
        if self._listening is None:
            raise RuntimeError("the wire is not open")
        port: int = self._listening.sockets[0].getsockname()[1]
        return replace(self._to, host="127.0.0.1", port=port)

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._listening is not None:
            self._listening.close()
        await self.cut()

    async def lead_to(self, server: Dsn) -> None:
        """Drop every connection; new ones go there."""
        self._to = server
        await self.cut()

    async def cut(self) -> None:
        """Drop every connection, and with it what was held."""
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.create_task(self._serve(_Stream(reader, writer)))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def _serve(self, client: "_Stream") -> None:
        try:
            server = await _connect(self._to)
        except OSError:
            client.drop()
            return
        try:
            with suppress(*_GONE):
                await _Line(self._gate, client, server).run()
        finally:
            client.drop()
            server.drop()


@dataclass(slots=True)
class _Stream:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def message(self) -> tuple[bytes, bytes]:
        """Its kind, and all of it."""
        head = await self.reader.readexactly(5)
        size = int.from_bytes(head[1:], "big") - 4
        return head[:1], head + (await self.reader.readexactly(size) if size else b"")

    def drop(self) -> None:
        self.writer.transport.abort()


async def _connect(dsn: Dsn) -> _Stream:
    if dsn.host.startswith("/"):
        path = f"{dsn.host}/.s.PGSQL.{dsn.port}"
        return _Stream(*await asyncio.open_unix_connection(path))
    return _Stream(*await asyncio.open_connection(dsn.host, dsn.port))


@dataclass(slots=True)
class _Line:
    """One connection. A client asks one thing at a time and waits for its answer."""

    gate: Gate
    client: _Stream
    server: _Stream
    _prepared: dict[bytes, str] = field(default_factory=dict)
    _bound: str = ""
    _asked: Call | None = None
    """What the server has been asked to do, and has not answered."""
    _status: bytes = _IDLE
    _earlier: tuple[str, ...] = ()

    async def run(self) -> None:
        """Until either side is gone."""
        if await self._begin():
            await _first_of(self._requests(), self._answers())

    async def _begin(self) -> bool:
        """The messages without a kind; False where nothing follows them."""
        while True:
            size = await self.client.reader.readexactly(4)
            body = await self.client.reader.readexactly(int.from_bytes(size, "big") - 4)
            code = int.from_bytes(body[:4], "big")
            if code == _SSL_REQUEST:
                self.client.writer.write(_NO)
                continue
            self.server.writer.write(size + body)
            await self.server.writer.drain()
            return code != _CANCEL_REQUEST

    async def _requests(self) -> None:
        whole, asked = bytearray(), ""
        while True:
            kind, message = await self.client.message()
            whole += message
            asked = self._statement(kind, message[5:]) or asked
            if kind in _SENT_ON:
                await self._pass_on(bytes(whole), asked)
                whole, asked = bytearray(), ""

    def _statement(self, kind: bytes, body: bytes) -> str:
        """What this message has the server do; empty if it does nothing yet."""
        if kind == b"P":
            name, statement, _ = body.split(b"\0", 2)
            self._prepared[name] = _one_line(statement)
        elif kind == b"B":
            self._bound = self._prepared.get(body.split(b"\0", 2)[1], "")
        elif kind == b"E":
            return self._bound
        elif kind == b"Q":
            return _one_line(body.rstrip(b"\0"))
        return ""

    async def _pass_on(self, whole: bytes, statement: str) -> None:
        if statement and not statement.startswith(_OF_THE_CLIENT):
            is_inside = self._status != _IDLE
            ends = statement.startswith("COMMIT")
            effect = ends if is_inside else not statement.startswith(_HARMLESS)
            earlier = self._earlier if is_inside else ()
            self._earlier = (*earlier, statement)
            call = Call("ledger", statement, effect, whole, earlier)
            await self.gate.before(call)
            self._asked = call
        self.server.writer.write(whole)
        await self.server.writer.drain()

    async def _answers(self) -> None:
        held = bytearray()
        while True:
            kind, message = await self.server.message()
            held += message
            if kind == b"Z":
                self._status = message[5:6]
                await self._answered()
            if self._asked is None and kind not in _MORE_FOLLOWS:
                self.client.writer.write(bytes(held))
                held.clear()
                await self.client.writer.drain()

    async def _answered(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and asked.has_effect:
            await self.gate.after(asked)


async def _first_of(*ways: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(each) for each in ways]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _one_line(statement: bytes) -> str:
    return " ".join(statement.decode("utf-8", "replace").split())

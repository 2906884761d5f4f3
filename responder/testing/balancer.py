"""A small balancer: one address before several servers, for tests of deployments.

It does what a cluster's does: a new connection goes to a server whose readiness probe says yes, in
turn; a server that refuses it is passed over; and one that is to be stopped is taken out first,
while what it has goes on (in Kubernetes: the endpoint goes, and `preStop` waits for that).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PROBE_SECONDS = 0.1
_CHUNK_BYTES = 65_536


@dataclass(eq=False)
class _Backend:
    host: str
    port: int
    is_ready: Callable[[], Awaitable[bool]]
    is_taken: bool = False
    """By the last probe."""
    connections: set[asyncio.Task[None]] = field(default_factory=set)


class Balancer:
    """Listen on 127.0.0.1. Use as an async context manager."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._backends: dict[str, _Backend] = {}
        self._turn = 0
        self._probing: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the balancer is not open")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._probing = asyncio.create_task(self._probe())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        tasks = [task for each in self._backends.values() for task in each.connections]
        if self._probing is not None:
            tasks.append(self._probing)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def add(self, url: str, is_ready: Callable[[], Awaitable[bool]]) -> None:
        """It gets its share as soon as `is_ready` says so."""
        at = urlsplit(url)
        self._backends[url] = _Backend(at.hostname or "", at.port or 80, is_ready)

    async def take_out(self, url: str) -> None:
        """It gets nothing new; returns when what it had is over."""
        backend = self._backends.pop(url)
        if backend.connections:
            await asyncio.wait(set(backend.connections))

    async def _probe(self) -> None:
        while True:
            for backend in tuple(self._backends.values()):
                backend.is_taken = await backend.is_ready()
            await asyncio.sleep(PROBE_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for backend in self._in_turn():
            try:
                answers, onward = await asyncio.open_connection(backend.host, backend.port)
            except OSError:
                backend.is_taken = False
                continue
            task = asyncio.create_task(_both_ways(reader, writer, answers, onward))
            backend.connections.add(task)
            task.add_done_callback(backend.connections.discard)
            return
        writer.transport.abort()  # nobody is there: the client sees a connection that breaks

    def _in_turn(self) -> list[_Backend]:
        ready = [backend for backend in self._backends.values() if backend.is_taken]
        self._turn += 1
        start = self._turn % len(ready) if ready else 0
        return ready[start:] + ready[:start]


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    answers: asyncio.StreamReader,
    onward: asyncio.StreamWriter,
) -> None:
    there = asyncio.create_task(_copy(reader, onward))
    back = asyncio.create_task(_copy(answers, writer))
    try:
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)
        for end in (writer, onward):
            end.close()
            with suppress(OSError):
                await end.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()

"""A wire that misbehaves on purpose: a TCP proxy between a client and a real server.

It knows no protocol. What passes can be late, lost in one direction or both, or cut off hard.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65_536
_HARD = struct.pack("ii", 1, 0)  # close with a reset (socket(7), SO_LINGER)


class Wire:
    """Listen on 127.0.0.1:`port` and pass on to `target_port`. Use as an async context manager.

    Args:
        port: where clients come; 0 for a free one.
        target_port: the server's.
    """

    def __init__(self, port: int, target_port: int) -> None:
        self._port = port
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._may_go = asyncio.Event()
        self._may_return = asyncio.Event()
        self._may_go.set()
        self._may_return.set()
        self.late_seconds = 0.0
        """How much later everything arrives, in each direction."""

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the wire is not open")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def swallow_answers(self) -> None:
        """Requests arrive; what the server says stays on the way until `heal`."""
        self._may_return.clear()

    def swallow_everything(self) -> None:
        """Nothing passes, and no connection ends, until `heal`."""
        self._may_go.clear()
        self._may_return.clear()

    def reset(self) -> None:
        """End every connection at once, without a goodbye; what was on the way is gone."""
        for end in self._ends:
            sock: socket.socket = end.get_extra_info("socket")
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD)
            end.transport.abort()

    def heal(self) -> None:
        """All is well; what was swallowed arrives."""
        self.late_seconds = 0.0
        self._may_go.set()
        self._may_return.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in tuple(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = {writer}
        self._ends.add(writer)
        try:
            answers, onward = await asyncio.open_connection("127.0.0.1", self._target_port)
            ends.add(onward)
            self._ends.add(onward)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, onward, self._may_go))
                both.create_task(self._pass(answers, writer, self._may_return))
        except* OSError:
            pass  # either side ended it, or the server is away: the client sees the same
        finally:
            self._ends -= ends
            for end in ends:
                end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, may: asyncio.Event
    ) -> None:
        """Raises ConnectionError when the reading side is over, so that the other ends with it."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        async with asyncio.TaskGroup() as both:
            both.create_task(self._take(reader, on_the_way))
            both.create_task(self._give(on_the_way, writer, may))

    async def _take(
        self, reader: asyncio.StreamReader, on_the_way: "asyncio.Queue[tuple[float, bytes]]"
    ) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await reader.read(_CHUNK_BYTES):
            on_the_way.put_nowait((loop.time() + self.late_seconds, chunk))
        on_the_way.put_nowait((loop.time() + self.late_seconds, b""))

    async def _give(
        self,
        on_the_way: "asyncio.Queue[tuple[float, bytes]]",
        writer: asyncio.StreamWriter,
        may: asyncio.Event,
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await on_the_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await may.wait()
            if not chunk:
                raise ConnectionResetError
            writer.write(chunk)
            await writer.drain()

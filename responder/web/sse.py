"""The live stream: one reader of the ledger's changes, and any number of listening browsers.

Theory. Change numbers are dense and only grow, so a listener is a position. The hub holds the last
`backlog` changes in memory and a queue for each listener:

* *Joining*: a listener names the last number it has seen. What it missed is put into its queue from
  the backlog, in the same step of the event loop in which it is registered, so that nothing falls
  between. If the backlog does not reach back so far, it is told to *reset*: load the page anew.
* *Slow listeners*: a queue is bounded. One that is full is emptied and holds a reset; nobody waits
  for it.
* *The reader* polls; it rests while nobody listens. If reading fails it tries again, and listeners
  keep their heartbeat: they miss nothing, because positions do not move.
* *A closed tab is no error*: writing to it raises `ConnectionResetError`, which ends its stream here
  and nowhere else.

A crash leaves nothing behind: browsers come back with `Last-Event-ID`.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from aiohttp.hdrs import METH_HEAD

from responder.engagement.errors import Retryable
from responder.engagement.ports import Clock
from responder.review.ports import Change

_log = logging.getLogger(__name__)

PAGE = 1000
RETRY_SPREAD_MILLISECONDS = 5000
"""After a restart, browsers return spread over this time."""


class Changes(Protocol):
    """The part of `responder.review.ports.Desk` that the stream needs."""

    async def changes(self, *, after: int, limit: int = 1000) -> Sequence[Change]: ...

    async def latest_change(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Reset:
    """Too much was missed: load the page anew, and go on from `number`."""

    number: int


class Closing:
    """The server is going away; come back."""


Notice = Change | Reset | Closing


class Listener:
    """One browser's place in the stream."""

    def __init__(self, size: int) -> None:
        self._waiting: deque[Notice] = deque()
        self._size = size
        self._filled = asyncio.Event()

    def put(self, notice: Notice) -> None:
        """Never waits. A listener that is too slow starts anew."""
        if len(self._waiting) >= self._size and isinstance(notice, Change):
            self._waiting.clear()
            notice = Reset(notice.number)
        self._waiting.append(notice)
        self._filled.set()

    async def take(self, *, within_seconds: float) -> Notice | None:
        """The next notice, or None when the time passed without one."""
        if not self._waiting:
            self._filled.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._filled.wait(), within_seconds)
        return self._waiting.popleft() if self._waiting else None


class Hub:
    """Follows the ledger once for everybody who listens."""

    def __init__(
        self,
        *,
        desk: Changes,
        clock: Clock,
        poll_seconds: float = 0.25,
        backlog: int = 10_000,
        queue_size: int = 256,
    ) -> None:
        self.clock = clock
        self._desk = desk
        self._poll_seconds = poll_seconds
        self._recent: deque[Change] = deque(maxlen=backlog)
        self._queue_size = queue_size
        self._listeners: set[Listener] = set()
        self._wanted = asyncio.Event()
        self._position: int | None = None
        self._is_closing = False

    @property
    def listening(self) -> int:
        """How many browsers listen now."""
        return len(self._listeners)

    async def run(self) -> None:
        """Read for as long as the process lives. Cancel it to end."""
        while True:
            await self._wanted.wait()
            try:
                if not await self._read():
                    await self.clock.sleep(self._poll_seconds)
            except Exception:  # noqa: BLE001 - seen in the log; the stream stands still meanwhile
                _log.warning("the ledger's changes could not be read", exc_info=True)
                await self.clock.sleep(self._poll_seconds * 8)

    @asynccontextmanager
    async def listen(self, *, after: int | None) -> AsyncIterator[Listener]:
        """Join after the change with this number; None: from now on."""
        if not self._listeners or (after or 0) > (self._position or 0):
            await self._refresh()  # the reader has rested, or the page was drawn a moment after it
        listener = Listener(self._queue_size)
        self._catch_up(listener, after)
        self._listeners.add(listener)
        self._wanted.set()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._wanted.clear()

    def close(self) -> None:
        """Send everybody away, to come back a little later."""
        self._is_closing = True
        for listener in self._listeners:
            listener.put(Closing())

    async def _refresh(self) -> None:
        latest = await self._desk.latest_change()
        if self._position is None or latest - self._position > PAGE:
            # What was sealed just before a restart is still wanted by browsers that come back.
            self._recent.clear()
            self._position = max(0, latest - PAGE)
        while await self._read():
            pass

    async def _read(self) -> bool:
        """One page of changes; whether there may be more."""
        changes = await self._desk.changes(after=self._position or 0, limit=PAGE)
        for change in changes:
            if change.number <= (self._position or 0):
                continue  # somebody who joined has read it meanwhile
            self._recent.append(change)
            self._position = change.number
            for listener in self._listeners:
                listener.put(change)
        return len(changes) == PAGE

    def _catch_up(self, listener: Listener, after: int | None) -> None:
        if self._is_closing:
            listener.put(Closing())
        position = self._position or 0
        if after is None or after == position:
            return
        oldest = self._recent[0].number if self._recent else position + 1
        missed = [change for change in self._recent if change.number > after]
        # A number from the future is a position in another ledger, as after a restore.
        if after > position or after + 1 < oldest or len(missed) >= self._queue_size:
            listener.put(Reset(position))
            return
        for change in missed:
            listener.put(change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One answer to `GET /events`; `HEAD` is told that there is a stream, and listens to nothing."""

    hub: Hub
    may_go_on: Callable[[], Awaitable[bool]]
    """Asked at each heartbeat, also while much is told: a revoked session ends its stream."""
    heartbeat_seconds: float = 15

    async def answer(self, request: web.Request, *, after: int | None) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        if request.method == METH_HEAD:
            return response
        try:
            async with self.hub.listen(after=after) as listener:
                await response.prepare(request)
                await response.write(b": hello\n\n")
                await self._tell(response, listener)
        except ConnectionResetError:
            pass  # the tab was closed; aiohttp's ClientConnectionResetError is one of these
        return response

    async def _tell(self, response: web.StreamResponse, listener: Listener) -> None:
        clock = self.hub.clock
        asked_at = clock.monotonic()
        while True:
            notice = await listener.take(within_seconds=self.heartbeat_seconds)
            if notice is None or clock.monotonic() - asked_at >= self.heartbeat_seconds:
                if not await self._may_go_on():
                    return
                asked_at = clock.monotonic()
            await response.write(_encoded(notice, listener))
            if isinstance(notice, Closing):
                return

    async def _may_go_on(self) -> bool:
        try:
            return await self.may_go_on()
        except Retryable:
            return True  # while the ledger is away there is nothing to tell; it is asked again


def position(last_event_id: str | None, after: str | None) -> int | None:
    """Where a browser wants to go on; a reconnect's own number overrules the page's."""
    for given in (last_event_id, after):
        if given is not None and given.isascii() and given.isdigit() and len(given) <= 18:  # noqa: PLR2004
            return int(given)
    return None


def _encoded(notice: Notice | None, listener: Listener) -> bytes:
    if notice is None:
        return b": still here\n\n"
    if isinstance(notice, Change):
        data = json.dumps(
            {
                "engagement": str(notice.engagement_id) if notice.engagement_id else None,
                "act": notice.act,
                "state": notice.state,
                "queue": notice.queue,
            }
        )
        return f"id: {notice.number}\nevent: changed\ndata: {data}\n\n".encode()
    if isinstance(notice, Reset):
        return f"id: {notice.number}\nevent: reset\ndata: {{}}\n\n".encode()
    wait = 500 + id(listener) // 64 % RETRY_SPREAD_MILLISECONDS  # differs, and that is all it must
    return f"retry: {wait}\nevent: closing\ndata: {{}}\n\n".encode()

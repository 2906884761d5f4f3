"""One reading of one source: what did nobody push to us?

The order is what keeps everything: a page's events are in the log before the cursor that says so is
stored. A crash in between reads the page again, and the same ids absorb it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from responder.engagement.bounds import fitted
from responder.engagement.errors import RateLimited, Retryable
from responder.engagement.events import EngagementReceived, Event, Inbound
from responder.engagement.model import SourceId
from responder.engagement.ports import Clock
from responder.reconcile.ports import Cursors, EventSink, PolledPage, PollPlatform

REQUESTS_A_PAGE = 50
PAGES_A_PASS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one reading found."""

    published: int = 0
    """Events given to the log; most of a pushed source's are known there already."""
    is_ok: bool = True
    is_whole: bool = True
    """False: there is more, and the next reading goes on where this one stopped."""
    note: str = ""
    wait_seconds: float | None = None
    """The place asked for that long a pause."""


class Reconcile:
    """Reads sources that can be read. When, and that never two read one source: the caller's.

    Args:
        requests: how many requests to the place one page may take.
        pages: how many pages one pass may take.
    """

    def __init__(
        self,
        *,
        platforms: Mapping[SourceId, PollPlatform],
        cursors: Cursors,
        sink: EventSink,
        clock: Clock,
        requests: int = REQUESTS_A_PAGE,
        pages: int = PAGES_A_PASS,
    ) -> None:
        self._platforms = platforms
        self._cursors = cursors
        self._sink = sink
        self._clock = clock
        self._requests = requests
        self._pages = pages

    @property
    def sources(self) -> tuple[SourceId, ...]:
        return tuple(self._platforms)

    async def pass_once(self, source: SourceId) -> Pass:
        """Read from the cursor until there is nothing more, or the pass has had its pages.

        A place or a log that cannot be reached ends the pass, is noted, and loses nothing.
        """
        published = 0
        notes: dict[str, None] = {}
        try:
            for _ in range(self._pages):
                page = await self._page(source)
                published += len(page.events)
                notes |= {page.note: None} if page.note else {}
                if not page.has_more:
                    return await self._noted(source, Pass(published=published, note=_join(notes)))
        except Retryable as error:
            wait = error.after_seconds if isinstance(error, RateLimited) else None
            ended = Pass(
                published=published,
                is_ok=False,
                is_whole=False,
                note=str(error),
                wait_seconds=wait,
            )
            return await self._noted(source, ended)
        note = _join(notes)
        return await self._noted(source, Pass(published=published, is_whole=False, note=note))

    async def _page(self, source: SourceId) -> PolledPage:
        cursor = await self._cursors.load(source)
        page = await self._platforms[source].poll(cursor, self._requests)
        if page.events:
            now = self._clock.now()
            await self._sink.publish([event_of(each, source, now) for each in page.events])
        if page.cursor != cursor:
            await self._cursors.save(source, page.cursor)
        return page

    async def _noted(self, source: SourceId, ended: Pass) -> Pass:
        await self._cursors.note(source, ok=ended.is_ok, note=ended.note)
        return ended


def event_of(data: Inbound, source: SourceId, now: datetime) -> Event:
    """The event of what was read: its id says what happened, not who noticed."""
    if isinstance(data, EngagementReceived):
        # Cut before its id is derived, as a push is: the same comment must have one id both ways.
        data = fitted(data)
        if data.observed_at is None:
            data = data.model_copy(update={"observed_at": now})
    return Event.of(
        data,
        event_id=data.event_id(source),
        source=source,
        subject=data.thread_id,
        time=data.happened_at or now,
    )


def _join(notes: Iterable[str]) -> str:
    return "; ".join(notes)

"""What the reconciler asks of a platform and of the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from responder.engagement.events import Event, Inbound
from responder.engagement.model import SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledPage:
    events: tuple[Inbound, ...]
    cursor: str
    """Where to go on; opaque, stored once the log has this page's events."""
    has_more: bool
    note: str = ""
    """What the platform told us beside it (a bound was reached), for the source's page."""


class PollPlatform(Protocol):
    """Reads what is there. Constructed per source."""

    async def poll(self, cursor: str | None, budget: int) -> PolledPage:
        """Read from the cursor on (None: from the beginning), in at most `budget` requests.

        Raises:
            Unavailable: the place cannot be read now; says why.
            RateLimited: ask again after that time.
        """


class Cursors(Protocol):
    async def load(self, source: SourceId) -> str | None: ...

    async def save(self, source: SourceId, cursor: str) -> None: ...

    async def note(self, source: SourceId, *, ok: bool, note: str) -> None:
        """Remember when this source was last read, and what was wrong."""


class EventSink(Protocol):
    async def publish(self, events: Sequence[Event]) -> None:
        """Return once the log has all of them.

        Raises:
            Unavailable: the log could not take all; the same page is read again later.
        """

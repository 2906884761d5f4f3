"""What the reconciler asks of a platform and of the outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from responder.engagement.events import EngagementReceived, Event, Inbound
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


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """It cannot be seen from outside; a person has to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that `source check` says about a place."""

    level: Level
    what: str
    """The setting as that software names it, with its section."""
    says: str
    remedy: str = ""
    """The line to write there; empty if nothing is to be done."""


class CheckPlatform(Protocol):
    """Looks whether a place is set up so that we can read and answer there. Changes nothing."""

    async def check(self) -> tuple[Finding, ...]:
        """Never raises: a place that cannot be reached is a finding."""


class EntryPlatform(Protocol):
    """A place that enters comments which reached us another way, so that answers have a parent."""

    async def enter(self, comment: EngagementReceived) -> None:
        """Enter it unless the place holds it; an edit or a deletion follows. Repeats are harmless.

        Raises:
            Unavailable: the place cannot take it now.
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

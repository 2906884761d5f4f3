"""What a person may ask for. Commands come from the console and the API."""

from dataclasses import dataclass
from uuid import UUID

from responder.engagement.model import DismissalReason, EngagementId, PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What every decision carries."""

    engagement_id: EngagementId
    actor: PersonId
    key: str
    """Idempotency key, made when the form was rendered: a repeat changes nothing."""
    context: str
    """The digest of the thread that was shown (`engagement.context.digest`)."""

    @property
    def scoped_key(self) -> str:
        """The key for this person, comment and act alone: the same key elsewhere is no repeat."""
        return f"{type(self).__name__} {self.engagement_id} {self.actor} {self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Command):
    """Send this exact text. Held for `undo_seconds` (0 to 120) before it goes out."""

    text: str
    undo_seconds: int = 10
    draft_version: int | None = None
    """The suggestion that was shown, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismiss(Command):
    """Close without reply. Held for `undo_seconds` like a reply."""

    reason: DismissalReason
    note: str = ""
    """Required with `other`."""
    undo_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedByPerson(Command):
    """The person posted the text themselves, and says where it stands: that is the evidence."""

    url: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundThere(Command):
    """An unknown delivery: a person looked, and it is there."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAgain(Command):
    """An unknown delivery: a person looked, and it is not there. Post it once more."""

    attempts: int | None = None
    """How many there were when the page was read, which what was seen is about; None: as now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopClock(Command):
    """Something else is waited for: the time does not count until the clock goes on."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetClockGoOn(Command):
    """What was waited for is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Take a held decision back."""

    engagement_id: EngagementId
    actor: PersonId
    decision_id: UUID | None = None
    """The one that the person saw; None: whichever is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Command):
    """Open what ended again, or what could not be delivered."""

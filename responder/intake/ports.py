"""What intake asks of a platform, of the log, and of those who watch it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from responder.engagement.errors import Invalid, Malformed
from responder.engagement.events import Event, Inbound
from responder.engagement.model import EventId, SourceId


class Reason(StrEnum):
    """Why a push was not taken: the true cause, for operators. Senders are told less."""

    MISSING_HEADER = "missing_header"
    MALFORMED_HEADER = "malformed_header"
    CLOCK_OFF = "clock_off"
    WRONG_SIGNATURE = "wrong_signature"
    SECRET_ENDED = "secret_ended"  # noqa: S105 - a cause, not a secret
    UNKNOWN_ADDRESS = "unknown_address"
    BAD_ENVELOPE = "bad_envelope"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    MEDIA_TYPE = "media_type"
    RATE_LIMIT = "rate_limit"
    LOG_AWAY = "log_away"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """How a sender comes to a source that takes pushes: what its operator has to hand on."""

    address: str = field(repr=False)
    """Where pushes go; its last part is a secret. A path alone where another process takes them."""
    signed_with: str
    """The file or the setting with the secret of pushes; never the secret itself."""
    replies_signed_with: str | None
    """The same for the webhooks that carry our replies there, if any do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One request as it came: nothing decoded, nothing decompressed."""

    headers: tuple[tuple[str, str], ...]
    """Names in lower case; repeated ones stay repeated. Bytes outside ASCII arrive escaped."""
    body: bytes = field(repr=False)

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a header, by its name in lower case."""
        return tuple([value for given, value in self.headers if given == name])

    def one(self, name: str) -> str | None:
        """The value of a header that came exactly once."""
        values = self.every(name)
        return values[0] if len(values) == 1 else None

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case; empty if it is missing."""
        return (self.one("content-type") or "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The push is from who holds the secret."""

    delivery_id: str | None
    """The sender's own id of this push, where its scheme has one."""
    sent_at: datetime | None
    key_no: int
    """Which live secret matched: 0 is the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The push proves nothing."""

    reason: Reason
    detail: str
    """For the source's page; quotes nothing that the sender wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One event of a push."""

    data: Inbound
    delivery_id: str | None = None
    """The sender's id of this one event; without it the push's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What could not be read, whole: it goes to the dead letter."""

    value: bytes = field(repr=False)
    why: str
    """Names field and reason; quotes nothing of the value."""
    media_type: str | None = None
    """What the value is by itself, where that is not what the whole push was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a push held."""

    found: tuple[Found, ...] = ()
    broken: tuple[Broken, ...] = ()
    ignored: tuple[str, ...] = ()
    """What was left out on purpose, and why; quotes nothing that the sender wrote."""


class BadEnvelope(Malformed):
    """{what} cannot be read: {why}"""  # noqa: D415 - the reason ends the sentence


@dataclass(eq=False, kw_only=True)
class NotAuthentic(Invalid):
    """The push could not be proven to come from its source."""

    refused: Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """The answer to a sender that asks whether it may push here."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


class PushPlatform(Protocol):
    """The way in of one source. Constructed per source, with its own secrets; pure throughout."""

    @property
    def media_types(self) -> frozenset[str]:
        """Which content types this source may send."""

    @property
    def body_limit_bytes(self) -> int: ...

    def handshake(self, push: Push) -> Handshake | None:
        """Answer an OPTIONS request; None where this platform knows no handshake.

        Raises:
            BadEnvelope: it is one, but malformed.
        """

    def verify(self, push: Push, *, now: datetime) -> Verified | Refused:
        """Check the raw bytes. Total: no exception leaves it, whatever was pushed."""

    def parse(self, push: Push) -> Parsed:
        """Read a verified push. One bad element never loses the others.

        Raises:
            BadEnvelope: the headers say nothing that could be kept; nothing of it is kept.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A body, or one element of a batch, that could not be read. Kept whole."""

    id: EventId
    """Derived from source and value: the same body twice makes one of them."""
    source: SourceId
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    """What reading it again needs: content type, delivery id, CloudEvents attributes; no secret."""
    why: str
    received_at: datetime


class EventSink(Protocol):
    """The log, as intake sees it."""

    async def publish(self, events: Sequence[Event], letters: Sequence[DeadLetter] = ()) -> None:
        """Return once the log has all of them, durably; or raise, within a time of its own.

        Raises:
            Unavailable: it does not have all, or did not say in time; some may be there. The sender repeats the push, and
                the derived ids absorb what had arrived.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One push that was not taken, for the source's page. Holds no body and no header."""

    source: SourceId
    reason: Reason
    detail: str
    at: datetime


class Refusals(Protocol):
    """Remembers why pushes were refused, as far as it can."""

    def note(self, refusal: Refusal) -> None:
        """Return at once and never raise: the answer to the sender does not wait for it."""


class Outcome(StrEnum):
    """What became of a push."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    """Genuine, and nothing in it for us: a ping, a kind we leave out, or a check."""
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSeen:
    """One push, for one log line and the metrics. Holds no body."""

    source: str
    """A configured source, or `unknown`."""
    outcome: Outcome
    reason: Reason | None = None
    delivery_id: str | None = None
    """Only of a verified push."""
    events: int = 0
    unreadable: int = 0
    key_no: int | None = None
    seconds: float = 0.0


class GatewayObserver(Protocol):
    """Told about each push after its answer is known. Must not block or raise."""

    def pushed(self, seen: PushSeen) -> None: ...


class ReceiptState(StrEnum):
    """How far something that was pushed has come, in the words that its sender reads."""

    RECEIVED = "received"
    QUEUED = "in the queue"
    ANSWERED = "answered"
    CLOSED = "closed"
    OURS = "recognised as ours"
    """A comment of one of our own accounts: nobody waits for an answer to it."""
    UNREADABLE = "could not be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptStatus:
    """What became of one pushed event."""

    state: ReceiptState
    event_id: EventId | None = None
    comment_id: str | None = None
    answers: str | None = None
    """Of a comment that is ours: which one it answers, by its sender's id, if it is a reply."""
    link: str | None = None
    """Where the answer stands, if it was answered."""
    reason: str | None = None
    """Why it was closed, or could not be read."""
    at: datetime | None = None
    """Since when."""


class Receipts(Protocol):
    """Reads the ledger for a sender that asks after its push."""

    async def find_event(self, source: SourceId, event_id: EventId) -> ReceiptStatus | None:
        """By the id on the receipt, of an event or of a dead letter; None if it is not known."""

    async def find_comment(self, source: SourceId, comment_id: str) -> ReceiptStatus | None:
        """By the sender's own comment id; None if it is not known."""

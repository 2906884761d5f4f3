"""What travels on the log: CloudEvents 1.0 in the Kafka binary binding, JSON data.

The attributes are `ce_*` record headers, the data is the record's value, the key is
`source/thread_id`. `schemas/` is generated from the models here; fields may be added to a version,
never removed or retyped. Unknown fields of a reader's older version are ignored.

Source: CloudEvents 1.0.2, Kafka protocol binding, section 3.2 (binary content mode).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from typing_extensions import override

from responder.engagement.errors import Malformed
from responder.engagement.model import (
    DismissalReason,
    EventId,
    Intent,
    Kind,
    NeedsReply,
    TextFormat,
    Via,
    Visibility,
)
from responder.engagement.strict_json import read_json

TEXT_LIMIT_BYTES = 262_144
"""Longer text is cut and flagged `truncated`, so that a record stays below the log's limit."""
RAW_LIMIT_BYTES = 524_288
"""A larger raw element is replaced by its hash."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Replace what no database or JSON text holds; losing the comment for it would be worse.

    NUL and lone surrogates become U+FFFD.
    """
    # Nearly all is seen to be in order at once, without the pattern.
    is_plain = text.isascii() and "\x00" not in text
    return text if is_plain else _UNSTORABLE.sub("\ufffd", text)


def _storable(value: object) -> object:
    """The same, also inside a platform's raw element."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {_storable(key): _storable(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(held) for held in value]
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999 in UTC") from None


Id = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f]+$")]
Url = Annotated[str, StringConstraints(max_length=4096, pattern=r"^https?://[^\s\x00-\x1f\x7f]+$")]
Text = Annotated[str, BeforeValidator(_storable)]
Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Line = Annotated[str, BeforeValidator(_storable), StringConstraints(max_length=1024)]


_URL = TypeAdapter(Url)


def web_address(text: str | None) -> str | None:
    """The text if it can be an event's link. What a platform calls one may be anything."""
    try:
        return None if text is None else _URL.validate_python(text)
    except ValidationError:
        return None


class Data(BaseModel):
    """The data of an event. Immutable; unknown fields are ignored, so that versions can grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null")

    type: ClassVar[str]
    topic: ClassVar[str]


class EventAuthor(BaseModel):
    """Who wrote it, in the platform's words. Hints; nothing is fetched."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Id
    name: Line
    handle: Line | None = None
    url: Url | None = None
    avatar_url: Url | None = None


class EventPage(BaseModel):
    """What the comment stands under: the first source of knowledge."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: Url | None = None
    title: Line | None = None
    text: Annotated[Text, StringConstraints(max_length=TEXT_LIMIT_BYTES)] | None = None


class Inbound(Data):
    """What anybody may produce: its id is derived from what it says, whoever sends it."""

    thread_id: Id
    """Where it stands: with the source, the key of the log."""

    def event_id(self, source: str) -> EventId:
        raise NotImplementedError

    @property
    def happened_at(self) -> datetime | None:
        raise NotImplementedError


class EngagementReceived(Inbound):
    """A comment or mention was made, edited or deleted somewhere. The public way in."""

    type: ClassVar = "engagement.received.v1"
    topic: ClassVar = "engagement.received"

    comment_id: Id
    text: Text
    author: EventAuthor
    published_at: Time
    kind: Kind = Kind.CREATED
    thread_id: Id = ""
    """By default the comment is a thread of its own."""
    parent_id: Id | None = None
    root_id: Id = ""
    edited_at: Time | None = None
    permalink: Url | None = None
    page: EventPage | None = None
    language: Annotated[Text, StringConstraints(max_length=35)] | None = None
    visibility: Visibility = Visibility.PUBLIC
    mentions: Annotated[tuple[Line, ...], Field(max_length=1000)] = ()
    attachments: Annotated[tuple[Url, ...], Field(max_length=1000)] = ()
    text_format: TextFormat = TextFormat.PLAIN
    raw: Annotated[JsonValue, BeforeValidator(_storable)] = None

    # What we add; a sender's values for these are replaced at the gateway.
    observed_at: Time | None = None
    via: Via = Via.PRODUCER
    delivery_id: Line | None = None
    body_sha256: Annotated[str, StringConstraints(max_length=64)] | None = None
    truncated: bool = False

    @model_validator(mode="before")
    @classmethod
    def _stands_alone_by_default(cls, data: object) -> object:
        if isinstance(data, Mapping) and isinstance(data.get("comment_id"), str):
            comment_id = data["comment_id"]
            thread_id = data.get("thread_id") or comment_id
            return {**data, "thread_id": thread_id, "root_id": data.get("root_id") or comment_id}
        return data

    @property
    def version(self) -> str:
        """Tells two states of one comment apart: the platform's edit time, else the text's hash."""
        if self.edited_at is not None:
            return self.edited_at.astimezone(UTC).isoformat()
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    @override
    def happened_at(self) -> datetime:
        return self.published_at

    @override
    def event_id(self, source: str) -> EventId:
        """Derived, never random: webhook, reconciler and replay of one thing make one id."""
        return derive_id(source, self.comment_id, self.kind, self.version)


class ReplyPosted(Inbound):
    """A receipt: whoever was handed a reply says that it stands in public now."""

    type: ClassVar = "reply.posted.v1"
    topic: ClassVar = "engagement.received"

    reply_id: UUID
    comment_id: Id
    """The platform's id of our reply."""
    url: Url | None = None
    posted_at: Time | None = None

    @property
    @override
    def happened_at(self) -> datetime | None:
        return self.posted_at

    @override
    def event_id(self, source: str) -> EventId:
        return derive_id(source, str(self.reply_id), "posted", self.comment_id)


class EngagementTriaged(Data):
    """It is in the ledger, understood and routed."""

    type: ClassVar = "engagement.triaged.v1"
    topic: ClassVar = "engagement.triaged"

    engagement_id: UUID
    comment_id: Id
    revision: int
    intent: Intent
    needs_reply: NeedsReply
    language: str
    queue: str
    due_at: Time | None = None


class EngagementDrafted(Data):
    """A draft is ready, or was refused with the reason."""

    type: ClassVar = "engagement.drafted.v1"
    topic: ClassVar = "engagement.drafted"

    engagement_id: UUID
    comment_id: Id
    draft_version: int
    refusal: str | None = None


class ReplyApproved(Data):
    """A person approved this exact text, and its undo time is over."""

    type: ClassVar = "reply.approved.v1"
    topic: ClassVar = "reply.approved"

    engagement_id: UUID
    reply_id: UUID
    comment_id: Id
    text_sha256: str


class ReplySettled(Data):
    """What became of a reply: delivered, failed, or unknown until a person looks."""

    type: ClassVar = "reply.settled.v1"
    topic: ClassVar = "reply.settled"

    engagement_id: UUID
    reply_id: UUID
    comment_id: Id
    outcome: Annotated[str, StringConstraints(pattern=r"^(delivered|failed|unknown)$")]
    external_id: Line | None = None
    url: Url | None = None
    why: Line | None = None


class EngagementClosed(Data):
    """Its one recorded end."""

    type: ClassVar = "engagement.closed.v1"
    topic: ClassVar = "engagement.closed"

    engagement_id: UUID
    comment_id: Id
    end: Annotated[str, StringConstraints(pattern=r"^(answered|dismissed|withdrawn)$")]
    reason: DismissalReason | None = None
    url: Url | None = None


DEAD_LETTER_TOPIC = "responder.deadletter"
EVENTS: tuple[type[Data], ...] = (
    EngagementReceived,
    ReplyPosted,
    EngagementTriaged,
    EngagementDrafted,
    ReplyApproved,
    ReplySettled,
    EngagementClosed,
)
TOPICS: tuple[str, ...] = (*dict.fromkeys(event.topic for event in EVENTS), DEAD_LETTER_TOPIC)
_BY_TYPE = {event.type: event for event in EVENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One CloudEvent: attributes and typed data."""

    id: EventId
    source: str
    subject: str
    """The thread's id at the source."""
    time: datetime
    data: Data
    traceparent: str | None = None

    @property
    def topic(self) -> str:
        return self.data.topic

    @property
    def key(self) -> bytes:
        return f"{self.source}/{self.subject}".encode()

    def value(self) -> bytes:
        return self.data.model_dump_json(exclude_none=True).encode()

    def headers(self) -> tuple[tuple[str, bytes], ...]:
        attributes = (
            ("ce_specversion", b"1.0"),
            ("ce_id", self.id.encode()),
            ("ce_source", self.source.encode()),
            ("ce_type", self.data.type.encode()),
            ("ce_subject", self.subject.encode()),
            ("ce_time", self.time.astimezone(UTC).isoformat().encode()),
            ("content-type", b"application/json"),
        )
        if self.traceparent is None:
            return attributes
        return (*attributes, ("traceparent", self.traceparent.encode()))

    @classmethod
    def of(
        cls, data: Data, *, event_id: EventId, source: str, subject: str, time: datetime
    ) -> Self:
        return cls(id=event_id, source=source, subject=subject, time=time, data=data)


def read_event(headers: Sequence[tuple[str, bytes]], value: bytes) -> Event:
    """Read one record.

    A producer that is not us may leave out `ce_id` and `ce_time`: the id is derived anyway.

    Raises:
        Malformed: no such event type, a missing attribute, or data that breaks its model; the
            message names the field and the reason, and quotes nothing of the data.
    """
    attributes = _attributes(headers)
    model = _BY_TYPE.get(attributes.get("ce_type", ""))
    if model is None:
        known = ", ".join(sorted(_BY_TYPE))
        raise Malformed(what="the record", why=f"its ce_type is none of {known}")
    source = _required(attributes, "ce_source")
    data = read_data(model, value)
    time = _time(attributes) or datetime.fromtimestamp(0, UTC)
    if isinstance(data, Inbound):
        event_id, subject = data.event_id(source), data.thread_id
        time = data.happened_at or time
    else:
        event_id = EventId(_required(attributes, "ce_id"))
        subject = _required(attributes, "ce_subject")
    return Event(
        id=event_id,
        source=source,
        subject=subject,
        time=time,
        data=data,
        traceparent=attributes.get("traceparent"),
    )


def read_data(model: type[Data], value: bytes) -> Data:
    """Validate JSON bytes as the data of an event.

    Raises:
        Malformed: names the first wrong field and why, without quoting the value.
    """
    return validated(model, read_json(value, what="the data"))


def validated(model: type[Data], read: JsonValue) -> Data:
    """The same of JSON that was read already.

    Raises:
        Malformed: names the first wrong field and why, without quoting the value.
    """
    try:
        return model.model_validate(read)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the data"
        raise Malformed(what=where, why=first["msg"]) from None
    except RecursionError as error:
        raise Malformed(what="the data", why=f"nested too deep: {error}") from None


def derive_id(*parts: str) -> EventId:
    """A stable id over parts; the length prefix keeps ("a", "bc") and ("ab", "c") apart."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    framed = b"".join([len(part).to_bytes(8, "big") + part for part in encoded])
    return EventId(hashlib.sha256(framed).hexdigest())


def _attributes(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    try:
        return {name: value.decode() for name, value in headers}
    except UnicodeDecodeError:
        raise Malformed(what="a header", why="it is not UTF-8") from None


def _required(attributes: Mapping[str, str], name: str) -> str:
    if not attributes.get(name):
        raise Malformed(what="the record", why=f"it has no {name} header")
    return attributes[name]


def _time(attributes: Mapping[str, str]) -> datetime | None:
    try:
        time = datetime.fromisoformat(attributes.get("ce_time", ""))
    except ValueError:
        return None
    return time if time.tzinfo is not None else None

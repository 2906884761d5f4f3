"""`responder.toml` as typed tables: what each may hold, and what a value must look like.

Only shape is checked here; what one table says about another is checked when the workspace is made
of them (`responder.app.configuration`).
"""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    PlainValidator,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from responder.engagement.model import Audience, Intent, NeedsReply, Urgency

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Interval: TypeAlias = tuple[time, time]
Slug: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=40)
]
Line: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)
]
Text: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)
]
Language: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Network: TypeAlias = IPv4Network | IPv6Network
AuthorName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9-]+/.+$", max_length=600)
]


def _without_credentials(url: HttpUrl) -> HttpUrl:
    if url.username is not None or url.password is not None:
        raise ValueError("a name or password has no place in it: this file holds no secrets")
    return url


Address: TypeAlias = Annotated[HttpUrl, AfterValidator(_without_credentials)]
"""Where something is, and nothing that opens it."""


def nearest(name: str, among: Iterable[str]) -> str:
    """` (did you mean …?)`, or nothing."""
    close = get_close_matches(name, list(among), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _duration(value: object) -> timedelta:
    parts = re.fullmatch(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?", str(value))
    found = timedelta()
    if isinstance(value, str) and parts is not None:
        found = sum(
            (int(n) * UNITS[unit] for n, unit in zip(parts.groups(), "dhm", strict=True) if n),
            start=found,
        )
    if not found:
        raise ValueError("write a duration like '30m', '8h', '1h30m' or '2d'")
    return found


def _zone(value: object) -> ZoneInfo:
    known = available_timezones()
    if not isinstance(value, str) or value not in known:
        raise ValueError(
            f"this is no time zone such as 'Europe/Berlin'{nearest(str(value), known)}"
        )
    return ZoneInfo(value)


def _intervals(value: object) -> tuple[Interval, ...]:
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, list):
        raise ValueError("write opening hours like '09:00-17:00', or a list of such")  # noqa: TRY004 - pydantic reports only ValueError
    opened = tuple(_interval(each) for each in written)
    if any(former[1] > latter[0] for former, latter in pairwise(opened)):
        raise ValueError("opening hours must be in order and not overlap")
    return opened


def _interval(written: object) -> Interval:
    found = re.fullmatch(r"(\d\d:\d\d) ?- ?(\d\d:\d\d)", str(written))
    if found is None:
        raise ValueError("write opening hours like '09:00-17:00'")
    opens, closes = (_time(each) for each in found.groups())
    if opens >= closes:
        raise ValueError(f"{written!r} closes before it opens")
    return opens, closes


def _time(written: str) -> time:
    return time.max if written == "24:00" else time.fromisoformat(written)


Duration: TypeAlias = Annotated[timedelta, BeforeValidator(_duration)]
Zone: TypeAlias = Annotated[ZoneInfo, PlainValidator(_zone)]
OpeningHours: TypeAlias = Annotated[tuple[Interval, ...], PlainValidator(_intervals)]


class Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    @model_validator(mode="before")
    @classmethod
    def _only_known_keys(cls, data: Any) -> Any:
        """Like `extra=forbid`, but with the keys that are allowed."""
        for key in data if isinstance(data, dict) else ():
            if key not in cls.model_fields:
                raise PydanticCustomError(
                    "unknown_key",
                    "there is no such key here{nearest}; allowed: {allowed}",
                    {
                        "key": key,
                        "nearest": nearest(key, cls.model_fields),
                        "allowed": ", ".join(cls.model_fields),
                    },
                )
        return data


class SourceTable(Table):
    """What every source has."""

    title: Line | None = None
    """Its name on the screen; by default its name here."""
    url: Address | None = None
    """Where people find it."""
    queue: Slug = "default"
    """Where its comments go when no route says otherwise."""
    own_names: tuple[Line, ...] = ()
    """Names under which your team writes there: never queued."""
    own_author_ids: tuple[Line, ...] = ()
    """The same, by the platform's ids."""
    audience: Audience = Audience.UNKNOWN
    """Who writes there, unless the author stands under `[audiences]`."""
    post_as: Line | None = None
    """The name that your replies carry there; by default that of the voice."""
    allowed_networks: tuple[Network, ...] = ()
    """Private networks that its own addresses may lie in, such as "127.0.0.0/8"."""


class GuestbookTable(SourceTable):
    """The page of comments that Responder serves itself, to try things out."""

    platform: Literal["guestbook"]


class WebhookTable(SourceTable):
    """Anything that pushes comments: signed webhooks, CloudEvents, or a producer of the log."""

    platform: Literal["webhook"]
    format: Literal["standard-webhooks", "cloudevents"] = "standard-webhooks"
    """How pushes are written and how they prove where they come from."""
    batches: bool = False
    """Whether several CloudEvents may come in one push."""
    outgoing_url: Address | None = None
    """Where approved replies are sent, signed; without it they are offered to copy."""
    receipt_hours: Annotated[int, Field(ge=1, le=720)] = 24
    """How long a reply may stay passed on and not seen there, until a person has to look."""


class IssoTable(SourceTable):
    """An Isso server."""

    platform: Literal["isso"]
    url: Address
    """The site that its comments stand on."""
    base_url: Address
    """The address of its API."""
    pages: tuple[Line, ...] = ()
    """Paths to ask for besides those it lists; needed where its `latest-enabled` is off."""
    backfill_days: Annotated[int, Field(ge=0, le=3_650)] = 7
    """How far back comments are taken in when it is connected."""
    email: Line
    """Goes with each reply; without one Isso could not tell our replies from a neighbour's."""
    poll_seconds: Annotated[int, Field(ge=5, le=86_400)] = 60
    """How often it is asked for new comments."""


AnySource: TypeAlias = Annotated[
    GuestbookTable | WebhookTable | IssoTable, Field(discriminator="platform")
]


class QueueTable(Table):
    title: Line | None = None
    sla: Slug | None = None
    """The name of a target under `[sla]`; without one its comments are never due."""


class RouteTable(Table):
    """The first route whose every condition holds chooses the queue."""

    queue: Slug
    sources: frozenset[Slug] = frozenset()
    intents: frozenset[Intent] = frozenset()
    languages: frozenset[Language] = frozenset()
    urgencies: frozenset[Urgency] = frozenset()
    needs_reply: frozenset[NeedsReply] = frozenset()
    audiences: frozenset[Audience] = frozenset()


class TierTable(Table):
    """Another target for some: the first whose every condition holds."""

    target: Duration
    audiences: frozenset[Audience] = frozenset()
    urgencies: frozenset[Urgency] = frozenset()


class StepTable(Table):
    """What happens before or after an answer is due, while there is none."""

    name: Slug
    """Stands in the comment's history, and tells steps apart."""
    before: Duration | None = None
    """So long before it is due, in the time that counts."""
    after: Duration | None = None
    """So long after; without either: when it is due."""
    queue: Slug | None = None
    """It goes to this queue."""
    person: Line | None = None
    """It is put before this person, by the name they sign in under."""
    webhook: Slug | None = None
    """The name of a webhook under `[webhooks]` that is told. Without any of the three it only is
    recorded and shown."""

    @model_validator(mode="after")
    def _is_at_one_time(self) -> Self:
        if self.before is not None and self.after is not None:
            raise ValueError("choose one of before and after")
        return self

    @property
    def offset(self) -> timedelta:
        return (self.after or timedelta()) - (self.before or timedelta())


class SlaTable(Table):
    target: Duration
    """How soon a first public reply is due: '30m', '8h', '2d'."""
    office_hours: Slug | None = None
    """The name of hours under `[office_hours]` to count in; without it every hour counts."""
    tiers: tuple[TierTable, ...] = ()
    """Other targets for some comments; the first whose conditions hold is taken."""
    steps: tuple[StepTable, ...] = ()
    """What happens before or after an answer is due, while there is none."""
    objective: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """The share of answers that is to come in time; alerts and the page of response times use it."""
    clock_may_stop: bool = False
    """Whether people may stop a comment's clock, with a reason, while something else is waited for."""


class ToldTable(Table):
    """A webhook of yours that is told when a step says so."""

    url: Address
    """Where messages are sent, signed."""
    allowed_networks: tuple[Network, ...] = ()
    """Private networks that it may lie in, such as "127.0.0.0/8"."""


class OfficeHoursTable(Table):
    """When somebody is there. A day that is not named is closed."""

    zone: Zone
    monday: OpeningHours = ()
    tuesday: OpeningHours = ()
    wednesday: OpeningHours = ()
    thursday: OpeningHours = ()
    friday: OpeningHours = ()
    saturday: OpeningHours = ()
    sunday: OpeningHours = ()
    holidays: frozenset[date] = frozenset()


class KnowledgeTable(Table):
    """A passage that may be quoted to the public, word for word."""

    id: Slug
    title: Line
    text: Text
    url: Address | None = None
    language: Language | None = None
    sources: frozenset[Slug] = frozenset()
    """Only for comments at these; empty: everywhere."""


class VoiceTable(Table):
    """How you speak: openings and closings by language."""

    name: Line | None = None
    signature: Line | None = None
    openings: dict[Language, Line] = Field(default_factory=dict)
    closings: dict[Language, Line] = Field(default_factory=dict)


class SavedReplyTable(Table):
    name: Line
    text: Text
    language: Language | None = None


class TriageTable(Table):
    languages: tuple[Language, ...] = ()
    """What the language detector chooses among; empty: some thirty common languages."""
    spam_keywords: tuple[Line, ...] = ()
    """Commercial words that mark a bland compliment as an advert when they sign it."""


class OpenAITable(Table):
    """A model behind an OpenAI-compatible address writes the suggestions. It sees each comment."""

    model: Line
    base_url: Address = HttpUrl("https://api.openai.com/v1")
    timeout_seconds: Annotated[int, Field(ge=1, le=110)] = 30
    max_output_tokens: Annotated[int, Field(ge=64, le=16_384)] = 1_024
    tokens_per_day: Annotated[int, Field(ge=20_000, le=2**53)] = 2_000_000
    """For the comments of each source, in and out; then, until midnight UTC, the template writes."""


class File(Table):
    """The whole of `responder.toml`."""

    sources: dict[Slug, AnySource] = Field(default_factory=dict)
    queues: dict[Slug, QueueTable] = Field(default_factory=dict)
    routes: tuple[RouteTable, ...] = ()
    sla: dict[Slug, SlaTable] = Field(default_factory=dict)
    office_hours: dict[Slug, OfficeHoursTable] = Field(default_factory=dict)
    webhooks: dict[Slug, ToldTable] = Field(default_factory=dict)
    audiences: dict[Audience, frozenset[AuthorName]] = Field(default_factory=dict)
    """Who is who: authors as 'source/id', with the id that the platform gives them."""
    triage: TriageTable = TriageTable()
    knowledge: tuple[KnowledgeTable, ...] = ()
    voice: VoiceTable = VoiceTable()
    saved_replies: tuple[SavedReplyTable, ...] = ()
    openai: OpenAITable | None = None

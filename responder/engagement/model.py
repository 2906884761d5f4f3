"""The words of the domain as types: what an engagement is, and what is known about it.

An *engagement* is one comment or mention that somebody who is not us made somewhere. *Accepted* is
the first `created` of a natural key (source, comment id); its edits, its deletion, repeats and the
echo of our own reply are events of what exists, never engagements.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

EngagementId = NewType("EngagementId", UUID)
ReplyId = NewType("ReplyId", UUID)
PersonId = NewType("PersonId", UUID)
SourceId = NewType("SourceId", str)
"""One connected place: a slug from `responder.toml`."""
ThreadKey = NewType("ThreadKey", str)
"""`source/thread_id`: the key of the log, and so the unit of order."""
EventId = NewType("EventId", str)


class Kind(StrEnum):
    CREATED = "created"
    EDITED = "edited"
    DELETED = "deleted"


class Via(StrEnum):
    """How we learned of an event. Not part of its identity."""

    WEBHOOK = "webhook"
    POLL = "poll"
    BACKFILL = "backfill"
    """It stood there before we first read the place: nobody waited for us then, so no time to
    respond is measured from it. For whoever imports a history, too."""
    RECONCILE = "reconcile"
    PRODUCER = "producer"


class Visibility(StrEnum):
    PUBLIC = "public"
    RESTRICTED = "restricted"
    PRIVATE = "private"


class TextFormat(StrEnum):
    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


class Intent(StrEnum):
    """What a comment does."""

    QUESTION = "question"
    COMPLAINT = "complaint"
    PRAISE = "praise"
    PURCHASE_INTEREST = "purchase_interest"
    SUGGESTION = "suggestion"
    PARTNERSHIP = "partnership"
    SHARE = "share"
    CORRECTION = "correction"
    THANKS = "thanks"
    SMALL_TALK = "small_talk"
    CRISIS = "crisis"
    SPAM = "spam"
    ABUSE = "abuse"
    OTHER = "other"


class Motive(StrEnum):
    """Why it was written."""

    TO_LEARN = "to_learn"
    TO_GET_HELP = "to_get_help"
    TO_BE_HEARD = "to_be_heard"
    TO_WARN = "to_warn"
    TO_THANK = "to_thank"
    TO_PROPOSE = "to_propose"
    TO_BELONG = "to_belong"
    UNKNOWN = "unknown"


class Sentiment(StrEnum):
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNKNOWN = "unknown"


class Urgency(StrEnum):
    """The harm of waiting a day."""

    NOW = "now"
    SOON = "soon"
    NORMAL = "normal"
    LOW = "low"


class Audience(StrEnum):
    """Who writes, seen from us. Customers are one of many."""

    CUSTOMER = "customer"
    PARTNER = "partner"
    SUPPLIER = "supplier"
    PUBLIC_BODY = "public_body"
    NGO = "ngo"
    COLLEAGUE = "colleague"
    PRESS = "press"
    UNKNOWN = "unknown"


class NeedsReply(StrEnum):
    """Would a fair reader of the thread find silence rude or harmful?"""

    YES = "yes"
    OPTIONAL = "optional"
    NO = "no"


class DismissalReason(StrEnum):
    """Why an engagement ended without a reply."""

    THANKS_ONLY = "thanks_only"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    DUPLICATE = "duplicate"
    SPAM = "spam"
    ABUSE = "abuse"
    OFF_TOPIC = "off_topic"
    NOT_OURS = "not_ours"
    WINDOW_CLOSED = "window_closed"
    NO_REPLY_WANTED = "no_reply_wanted"
    OTHER = "other"
    # By a rule, reversible:
    SHARE_WITHOUT_WORDS = "share_without_words"
    SPAM_RULE = "spam_rule"
    EMPTY = "empty"
    # Of a dead letter:
    UNREADABLE = "unreadable"


RULE_REASONS = frozenset(
    {DismissalReason.SHARE_WITHOUT_WORDS, DismissalReason.SPAM_RULE, DismissalReason.EMPTY}
)
PERSON_REASONS = frozenset(DismissalReason) - RULE_REASONS - {DismissalReason.UNREADABLE}


class DueOutcome(StrEnum):
    """How an item became due; each does exactly once per due period."""

    MET = "met"
    """A public reply in time."""
    MISSED = "missed"
    EXCUSED = "excused"
    """Ended before it was due with no reply owed. Never in the denominator of the service level."""


@dataclass(frozen=True, slots=True)
class Author:
    """The person outside. Nothing of it is ever fetched."""

    id: str
    name: str
    handle: str | None = None
    url: str | None = None
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a comment is about."""

    url: str | None = None
    title: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment as it stands in its place, ours or not."""

    source: SourceId
    comment_id: str
    thread_id: str
    parent_id: str | None
    root_id: str
    author: Author
    text: str
    published_at: datetime
    revision: int
    """1 when it was made, one more with each edit that we saw."""
    is_own: bool
    is_deleted: bool = False
    permalink: str | None = None
    page: Page | None = None
    text_format: TextFormat = TextFormat.PLAIN
    answers: str | None = None
    """Of a reply that was approved here: the comment that it answers."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One judgement about a comment. `unknown` is a value, and is counted."""

    value: str
    probability: float
    tier: str
    """`rule`, `linear`, `encoder`, `llm` or `person`."""
    model: str
    """Name and version of what judged: replaying it gives the same judgement."""
    evidence: tuple[tuple[int, int], ...] = ()
    """Up to three character spans of the comment's text that show it."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What triage makes of one comment."""

    primary: Judged
    intents: tuple[Intent, ...]
    needs_reply: Judged
    motive: Judged
    sentiment: Judged
    language: Judged
    """BCP 47 primary tag, or `und`."""
    urgency: Judged
    dismiss_by_rule: DismissalReason | None = None

    @property
    def intent(self) -> Intent:
        return Intent(self.primary.value)


def thread_key(source: str, thread_id: str) -> ThreadKey:
    return ThreadKey(f"{source}/{thread_id}")

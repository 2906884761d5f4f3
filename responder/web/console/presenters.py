"""Values to what the page says about them. Pure; the words themselves are in `words.py`."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from responder.engagement.errors import NotFound, ResponderError
from responder.engagement.lifecycle import ENDS, IllegalTransition, State
from responder.engagement.model import Audience, DueOutcome, Intent, NeedsReply, Sentiment, Urgency
from responder.review.ports import (
    DraftState,
    Item,
    Row,
)
from responder.web.console import undelivered, words

SOON = timedelta(hours=1)
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
"""The first mark that occurs: most browsers also claim to be an older one."""
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_STEPS = (("second", 1, 60), ("minute", 60, 60), ("hour", 3600, 48), ("day", 86400, 1 << 30))


@dataclass(frozen=True, slots=True)
class Due:
    """When an answer is due, told by words, icon and colour together."""

    level: str
    """`none`, `ok`, `soon`, `overdue`, `paused`, `met`, `missed`, `excused`."""
    words: str
    icon: str
    at: datetime | None

    @property
    def is_running(self) -> bool:
        return self.level in ("ok", "soon", "overdue")


def due(row: Row, now: datetime) -> Due:
    if row.due_outcome is DueOutcome.MISSED and row.state not in ENDS and row.due_at is not None:
        return Due(
            "overdue", words.CLOCK["overdue"].format(span(now - row.due_at)), "late", row.due_at
        )
    if row.due_outcome is not None:
        icon = {DueOutcome.MET: "check", DueOutcome.MISSED: "late", DueOutcome.EXCUSED: "close"}
        return Due(
            row.due_outcome.value, words.DUE[row.due_outcome], icon[row.due_outcome], row.due_at
        )
    if row.clock_paused_at is not None:
        return Due("paused", words.CLOCK["paused"], "pause", row.clock_paused_at)
    if row.due_at is None:
        return Due("none", "No due time", "clock", None)
    left = row.due_at - now
    if left < timedelta(0):
        return Due("overdue", words.CLOCK["overdue"].format(span(-left)), "late", row.due_at)
    level = "soon" if left <= SOON else "ok"
    return Due(level, words.CLOCK["due"].format(span(left)), "clock", row.due_at)


def span(length: timedelta) -> str:
    """A length of time in its largest fitting unit, rounded down: what is left is not overstated."""
    seconds = max(0, int(length.total_seconds()))
    name, size = next((name, size) for name, size, limit in _STEPS if seconds < size * limit)
    return words.CLOCK[name].format(seconds // size)


def ago(at: datetime, now: datetime) -> str:
    passed = now - at
    if passed < timedelta(seconds=5):
        return words.CLOCK["now"]
    return words.CLOCK["ago"].format(span(passed))


def left(at: datetime, now: datetime) -> str:
    remaining = at - now
    return (
        words.CLOCK["left"].format(span(remaining))
        if remaining > timedelta(0)
        else words.CLOCK["gone"]
    )


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp(at: datetime) -> str:
    """The absolute time, for where no script turns it into the reader's zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def tint(name: str) -> int:
    """One of eight colours for a person without a picture; the same name, the same colour."""
    return sum(ord(c) * (i + 1) for i, c in enumerate(name[:64])) % 8


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that triage thinks of a comment."""

    kind: str
    level: str
    words: str


def facts(row: Row) -> tuple[Fact, ...]:
    """Whom it is for, intent, who writes, mood, and so on, as far as worth saying."""
    assigned = row.assigned_name
    said = [
        *([] if assigned is None else [Fact("assigned", "person", f"For {assigned}")]),
        Fact("intent", row.intent, words.INTENTS[Intent(row.intent)]),
        Fact("audience", row.audience, words.AUDIENCES[row.audience]),
        Fact("mood", row.sentiment, words.MOODS[Sentiment(row.sentiment)]),
        Fact("language", row.language, words.language(row.language)),
        Fact("urgency", row.urgency, words.URGENCIES[Urgency(row.urgency)]),
        Fact("needs", row.needs_reply, words.NEEDS[NeedsReply(row.needs_reply)]),
    ]
    return tuple(fact for fact in said if not _goes_without_saying(fact))


def _goes_without_saying(fact: Fact) -> bool:
    return (fact.kind, fact.level) in {
        ("audience", Audience.UNKNOWN),
        ("mood", Sentiment.UNKNOWN),
        ("mood", Sentiment.NEUTRAL),
        ("urgency", Urgency.NORMAL),
        ("needs", NeedsReply.YES),
        ("language", "und"),
    }


def suggestion(row: Row) -> str:
    return {
        DraftState.WAITING: "Suggestion on its way",
        DraftState.READY: "Suggestion ready",
        DraftState.REFUSED: "No suggestion",
    }[row.draft]


def state(row: Row) -> str:
    """Where it stands; a held decision is more telling than the state under it."""
    if row.held is not None:
        return "Reply about to go out" if row.held.kind == "reply" else "About to be closed"
    return words.STATES[row.state]


def browser(agent: str) -> str:
    """What a browser calls itself, shortened to what its owner would call it. A hint only."""
    name = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), None)
    return f"{name} on {system}" if system else name


def refusal(error: ResponderError) -> str:
    """Why something was not done; the lifecycle's own words mean nothing to whoever reads this."""
    if isinstance(error, IllegalTransition):
        return f"That is not possible any more. It stands at: {words.STATES[error.state]}"
    if isinstance(error, NotFound):
        return f"There is no such {error.what} here."
    return str(error)


def page_title(row: Row) -> str | None:
    """Of the page under which it stands, unless it only says the source's name again."""
    return None if row.page_title == row.source_title else row.page_title


def needs_a_look(row: Row) -> bool:
    return row.state in (State.DELIVERY_FAILED, State.DELIVERY_UNKNOWN)


def outcome(item: Item) -> str:
    """Where a decision stands, in one sentence: nothing is called answered before it was seen."""
    held = item.row.held
    if held is not None:
        return "The reply is held" if held.kind == "reply" else "It is about to be closed"
    if item.is_held_on_site:
        return f"Held on the site: {item.row.source_title} shows it once somebody there lets it through"
    if item.is_handed_over and item.row.state is State.SENDING:
        return f"Passed on to {item.row.source_title}, not yet seen on the site"
    if undelivered.is_waiting(item):
        return undelivered.waiting(item)
    return words.STATES[item.row.state]

"""The words on the screen: what the code calls things, and what people read instead.

The code's words are exact, but some mean something else to whoever answers comments: *approve* is
what a blog does with a visitor's comment, *engagement* is a number of likes. This one file maps
them; the console and the command line take their words from here, and a test reads every page for
words that should not be there.
"""

import re
from collections.abc import Mapping

from responder.access.model import Role, Shortcuts, Theme
from responder.engagement.lifecycle import State, Trigger
from responder.engagement.model import (
    Audience,
    DismissalReason,
    DueOutcome,
    Intent,
    NeedsReply,
    Sentiment,
    Urgency,
)
from responder.intake.ports import Reason
from responder.review.ports import MOST_MATCHING, Balance

_CODE = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")

SEND = "Send reply"
CLOSE = "Close without reply"
REPLY_MISSING = "There is nothing to send yet: write the reply here."
LINK_MISSING = "Say where it stands: the address of your reply there."
REASON_MISSING = "Choose why it needs no reply."
DEMO = "Demo: invented people; nothing leaves this computer"

STATES: Mapping[State, str] = {
    State.RECEIVED: "Just came in",
    State.TRIAGED: "Just came in",
    State.AWAITING_REVIEW: "Waiting for an answer",
    State.APPROVED: "About to go out",
    State.SENDING: "On its way",
    State.DELIVERY_FAILED: "Could not be posted",
    State.DELIVERY_UNKNOWN: "Did it arrive? Please look",
    State.ANSWERED: "Answered",
    State.DISMISSED: "Closed without reply",
    State.WITHDRAWN: "Deleted by its author",
}

REASONS: Mapping[DismissalReason, str] = {
    DismissalReason.THANKS_ONLY: "Thanks, nothing to answer",
    DismissalReason.ANSWERED_ELSEWHERE: "Answered elsewhere",
    DismissalReason.DUPLICATE: "Said twice",
    DismissalReason.SPAM: "Spam",
    DismissalReason.ABUSE: "Abuse",
    DismissalReason.OFF_TOPIC: "Not about this",
    DismissalReason.NOT_OURS: "Not ours to answer",
    DismissalReason.WINDOW_CLOSED: "The place takes no more replies",
    DismissalReason.NO_REPLY_WANTED: "No reply wanted",
    DismissalReason.OTHER: "Something else",
    DismissalReason.SHARE_WITHOUT_WORDS: "Shared without own words",
    DismissalReason.SPAM_RULE: "Spam, found by a rule",
    DismissalReason.EMPTY: "No words in it",
    DismissalReason.UNREADABLE: "Could not be read",
}

STAYS_VISIBLE = frozenset({DismissalReason.SPAM, DismissalReason.ABUSE, DismissalReason.SPAM_RULE})
"""Closing hides nothing: with these reasons the screen says so."""

INTENTS: Mapping[Intent, str] = {
    Intent.QUESTION: "Question",
    Intent.COMPLAINT: "Complaint",
    Intent.PRAISE: "Praise",
    Intent.PURCHASE_INTEREST: "Wants to buy",
    Intent.SUGGESTION: "Suggestion",
    Intent.PARTNERSHIP: "Partnership",
    Intent.SHARE: "Shared it",
    Intent.CORRECTION: "Correction",
    Intent.THANKS: "Thanks",
    Intent.SMALL_TALK: "Small talk",
    Intent.CRISIS: "Crisis",
    Intent.SPAM: "Spam",
    Intent.ABUSE: "Abuse",
    Intent.OTHER: "Other",
}

MOODS: Mapping[Sentiment, str] = {
    Sentiment.NEGATIVE: "Unhappy",
    Sentiment.NEUTRAL: "Calm",
    Sentiment.POSITIVE: "Happy",
    Sentiment.UNKNOWN: "Mood unclear",
}

URGENCIES: Mapping[Urgency, str] = {
    Urgency.NOW: "Now",
    Urgency.SOON: "Soon",
    Urgency.NORMAL: "No hurry",
    Urgency.LOW: "Can wait",
}

AUDIENCES: Mapping[Audience, str] = {
    Audience.CUSTOMER: "Customer",
    Audience.PARTNER: "Partner",
    Audience.SUPPLIER: "Supplier",
    Audience.PUBLIC_BODY: "Public body",
    Audience.NGO: "NGO",
    Audience.COLLEAGUE: "Colleague",
    Audience.PRESS: "Press",
    Audience.UNKNOWN: "Nobody in particular",
}

NEEDS: Mapping[NeedsReply, str] = {
    NeedsReply.YES: "Expects a reply",
    NeedsReply.OPTIONAL: "Reply optional",
    NeedsReply.NO: "Needs no reply",
}

DUE: Mapping[DueOutcome, str] = {
    DueOutcome.MET: "Answered in time",
    DueOutcome.MISSED: "Late",
    DueOutcome.EXCUSED: "Closed without reply before it was due",
}

ACTS: Mapping[str, str] = {
    Trigger.UNDERSTOOD: "Came in and was read",
    Trigger.QUEUED: "Put in the queue",
    Trigger.CLOSED_BY_RULE: "Closed without reply by a rule",
    Trigger.EDITED: "Its author edited it",
    Trigger.APPROVED: "Reply given to send",
    Trigger.UNDONE: "Taken back",
    Trigger.VOIDED: "Stopped before it went out",
    Trigger.DISMISSED: "Closed without reply",
    Trigger.WITHDRAWN: "Deleted by its author",
    Trigger.ANSWERED_ELSEWHERE: "Answered elsewhere",
    Trigger.POSTED_BY_PERSON: "Posted by hand",
    Trigger.ATTEMPTED: "Sending began",
    Trigger.DELIVERED: "Seen on the site",
    Trigger.REFUSED: "The site did not take it",
    Trigger.IN_DOUBT: "It is not known whether it arrived",
    Trigger.SENT_AGAIN: "Sent once more, after a look",
    Trigger.RETURNED: "Back in the queue",
    Trigger.REOPENED: "Opened again",
    "received": "Came in",
    "drafted": "A suggestion was made",
    "draft_refused": "No suggestion could be made",
    "dismissal_held": "Closed, with time to undo",
    "dismissal_undone": "Closing taken back",
    "dismissal_voided": "Not closed after all",
    "released": "Undo time over",
    "due_missed": "Became late",
    "step_taken": "Its clock took a step",
    "escalated": "Its clock passed it on",
    "told": "A webhook was told",
    "not_told": "A webhook could not be told",
    "clock_changed": "Other terms for its clock",
    "clock_paused": "Its clock was stopped",
    "clock_resumed": "Its clock went on",
    "comment_edited": "Its author edited it",
    "comment_deleted": "Deleted on the site",
    "handed_over": "Passed on",
    "put_off": "Put off",
}

SUGGESTERS: Mapping[str, str] = {
    "template": "a template with the best passage",
    "openai": "a language model",
    "scripted": "the script of the demo",
}

STAGES: Mapping[str, str] = {
    "push": "when it arrived",
    "triage": "while it was read",
    "drafting": "while a suggestion was made",
    "delivery": "while the reply was posted",
    "relay": "while it was passed on",
    "entries": "while it was entered in the guestbook",
    "audit": "while it was counted",
    "dead-letters": "while it was put among what could not be read",
    "dead letter": "among what could not be read",
}
"""Where a record failed."""

WHY: Mapping[str, str] = {
    "thread_changed": "the comment or its thread changed",
    "approval_void": "it was no longer as it was decided",
    "not_approved_any_more": "it was taken back or decided otherwise",
    "deleted": "its author deleted the comment",
    "deleted_by_author": "its author deleted the comment",
    "gone": "the comment is not on the site any more",
    "answered": "it is answered",
    "no_way_out": "there is no way to post there",
    "not_seen_in_time": "it was not seen in time",
    "not_reachable": "the site could not be reached",
    "refused": "the site said no",
    "throttled": "the site asked us to wait, for too long",
    "asked_to_wait": "the site asked us to wait",
    "answer_unclear": "the answer was not clear; the same is sent again under the same id",
    "no_clear_answer": "no answer said whether it arrived",
    "listing_incomplete": "the site does not list everything",
    "cannot_be_read_back": "the site cannot be read",
    "no_knowledge": "nothing that we know answers it",
    "not_wanted": "nobody waits for a reply",
    "ungrounded": "nothing that we know supports what it said",
    "gives_nothing": "it gave the person nothing",
    "wrong_language": "it was in another language",
    "too_long": "it was too long for the place",
    "promotion": "it advertised, and nobody had asked",
    "personal_data": "it held personal data",
    "unsafe_output": "it held what must not go out",
    "invalid_output": "what the model wrote could not be read",
    "model_declined": "the model declined",
    "unavailable": "the model was not there",
    "handler_timeout": "it took too long",
    "head_of_line": "everything behind it had to wait",
    "failed": "it failed again and again",
    **{reason.value: said for reason, said in REASONS.items()},
}

CAUSES: Mapping[Reason, str] = {
    Reason.MISSING_HEADER: "A header is missing",
    Reason.MALFORMED_HEADER: "A header could not be read",
    Reason.CLOCK_OFF: "A clock is wrong, ours or theirs",
    Reason.WRONG_SIGNATURE: "The signature or the token is wrong",
    Reason.SECRET_ENDED: "The secret is not in use any more",
    Reason.UNKNOWN_ADDRESS: "The address is unknown",
    Reason.BAD_ENVELOPE: "The headers contradict the format",
    Reason.TOO_LARGE: "Too large",
    Reason.TOO_SLOW: "Too slow",
    Reason.MEDIA_TYPE: "Another kind of content than agreed",
    Reason.RATE_LIMIT: "Too many at once",
    Reason.LOG_AWAY: "Our fault: it could not be stored just then",
}
"""Why a push was refused."""

PROOFS: Mapping[str, str] = {
    "real peer": "Tested against the real program",
    "vectors": "Tested against published examples and a foreign library",
    "simulator": "Tested against a simulator",
}
"""What stands behind a connection; see `Capabilities.proof`."""

WRITERS: Mapping[str, str] = {
    "rule": "a rule",
    "triage": "Responder",
    "drafting": "Responder",
    "delivery": "Responder",
    "clock": "Responder",
    "relay": "Responder",
    "system": "Responder",
    "platform": "the site",
    "author": "its author",
}

ROLES: Mapping[Role, str] = {
    Role.VIEWER: "Viewer: may read everything",
    Role.REVIEWER: "Reviewer: may close comments, not send replies",
    Role.APPROVER: "Approver: may send replies and close comments",
    Role.ADMIN: "Admin: may send, close, and decide about what could not be read",
}

SHORTCUTS: Mapping[Shortcuts, str] = {
    Shortcuts.ON: "On",
    Shortcuts.ALT: "Only with Alt",
    Shortcuts.OFF: "Off",
}

THEMES: Mapping[Theme, str] = {
    Theme.SYSTEM: "As the system",
    Theme.LIGHT: "Light",
    Theme.DARK: "Dark",
}

RECORDS: Mapping[str, str] = {
    "open": "Waiting",
    "retried": "Trying again",
    "settled": "Read in the end",
    "dropped": "Dropped",
}
"""Where a record stands that could not be read."""

SHOWN_AS: Mapping[str, str] = {
    "open": "Open",
    "overdue": "Late",
    "at_risk": "Soon late",
    "attention": "Needs a look",
    "answered": "Answered",
    "closed": "Closed without reply",
    "deleted": "Deleted by the author",
}
"""The states of `QueueFilter`, in the order of the screen."""

CLOCK: Mapping[str, str] = {
    "now": "just now",
    "ago": "{} ago",
    "due": "due in {}",
    "overdue": "overdue by {}",
    "left": "in {}",
    "gone": "now",
    "paused": "clock stopped",
    "second": "{} s",
    "minute": "{} min",
    "hour": "{} h",
    "day": "{} d",
}
"""Also handed to the page's own clock, which keeps these texts fresh."""

LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "und": "Language unclear",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def counted(number: int, one: str, many: str) -> str:
    """`1 reply`, `1,204 replies`."""
    return f"{number:,} {one if number == 1 else many}"


def figure(number: int, *, of_search: bool) -> str:
    """`1,204`; of a search, which is not counted to its end, `1,000+`."""
    return f"{MOST_MATCHING:,}+" if of_search and number > MOST_MATCHING else f"{number:,}"


def act(name: str) -> str:
    """What happened, for the history; an act without words of its own keeps its name."""
    return ACTS.get(name) or name.replace("_", " ").replace(".", " ").capitalize()


def suggester(writer: str) -> str:
    """Who made a suggestion, with its exact name and version."""
    kind = writer.partition("/")[0]
    return f"{SUGGESTERS[kind]} ({writer})" if kind in SUGGESTERS else writer


def stage(name: str) -> str:
    return STAGES.get(name) or f"in a part called {_quoted(name)}"


def cause(reason: str) -> str:
    """Why a push was refused."""
    return CAUSES[Reason(reason)] if reason in set(Reason) else f"Refused as {_quoted(reason)}"


def why(reason: str) -> str:
    """The reason of an act; a code without words of its own is quoted, and a sentence stays one."""
    known = WHY.get(reason)
    if known is None and _CODE.fullmatch(reason):
        return f"for a reason without words here: {_quoted(reason)}"
    return known or reason


def trouble(reason: str) -> str:
    """Why a record could not be read, as a heading."""
    said = why(reason)
    return said[:1].upper() + said[1:]


def proof(of: str) -> str:
    return PROOFS.get(of) or f"How it is tested: {of}"


def _quoted(code: str) -> str:
    return f"“{code.replace('_', ' ')}”"


def who(actor: str) -> str:
    """A person's name, or what did it when no person did."""
    return WRITERS.get(actor, actor)


def language(tag: str) -> str:
    return LANGUAGES.get(tag, tag.upper())


def balance(of: Balance) -> str:
    """The closing balance as a sentence that anybody can check with a pencil."""
    sum_ = (
        f"{of.accepted:,} came in = {of.answered:,} answered + {of.dismissed:,} closed"
        f" + {of.withdrawn:,} deleted + {of.open:,} open"
    )
    if of.unaccounted:
        return (
            f"{abs(of.unaccounted):,} cannot be accounted for: {sum_}. Run: responder audit verify"
        )
    unread = f" ({of.unreadable:,} of them could not be read)" if of.unreadable else ""
    return f"Nothing is missing: {sum_}{unread}"


DATABASE_STEPS = {
    "copying": "Copying the database's programs to where its account can read them …",
    "creating": "Making a database in the data folder (only the first time) …",
    "starting": "Starting the database …",
    "recovering": "The database was not stopped cleanly and recovers …",
    "taking over": "The database of the last run is still there; taking it over …",
}


def database(step: str, seconds: float) -> str:
    """How far the embedded database is, for the terminal."""
    said = DATABASE_STEPS.get(step, f"The database: {step} …")
    return f"{said} {seconds:.0f} s" if seconds >= 1 else said


def stopped(in_undo_time: int) -> str:
    """What the terminal says at the end."""
    if in_undo_time == 0:
        return "Stopped. Nothing is waiting to go out."
    if in_undo_time == 1:
        return "Stopped. 1 reply is still in its undo time; it goes out at the next start."
    return (
        f"Stopped. {in_undo_time:,} replies are still in their undo time;"
        " they go out at the next start."
    )

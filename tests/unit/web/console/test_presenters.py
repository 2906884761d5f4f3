from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from responder.engagement.errors import NotFound
from responder.engagement.lifecycle import IllegalTransition, State, Trigger
from responder.engagement.model import Audience, DueOutcome, EngagementId
from responder.review.ports import DraftState, Row
from responder.testing.factories import NOON
from responder.web.console import presenters

ROW = Row(
    engagement_id=EngagementId(UUID(int=7)),
    source="garden",
    source_title="Garden guestbook",
    queue="default",
    state=State.AWAITING_REVIEW,
    author_name="Ann",
    excerpt="Does it work offline?",
    page_title=None,
    intent="question",
    sentiment="neutral",
    language="en",
    urgency="normal",
    needs_reply="yes",
    published_at=NOON,
    received_at=NOON,
    due_at=NOON,
    due_outcome=None,
    clock_paused_at=None,
    audience=Audience.UNKNOWN,
    draft=DraftState.WAITING,
)


@pytest.mark.parametrize(
    ("seconds_left", "level", "said"),
    [
        (3 * 86400, "ok", "due in 3 d"),
        (2 * 3600, "ok", "due in 2 h"),
        (3600, "soon", "due in 1 h"),
        (90, "soon", "due in 1 min"),
        (-90, "overdue", "overdue by 1 min"),
    ],
)
def test_due_is_told_in_words_and_level(seconds_left: int, level: str, said: str) -> None:
    due = presenters.due(ROW, NOON - timedelta(seconds=seconds_left))
    assert (due.level, due.words, due.is_running) == (level, said, True)


def test_an_open_item_that_was_missed_keeps_counting() -> None:
    row = replace(ROW, due_outcome=DueOutcome.MISSED)
    due = presenters.due(row, NOON + timedelta(hours=3))
    assert (due.level, due.words) == ("overdue", "overdue by 3 h")


def test_what_ended_says_how() -> None:
    row = replace(ROW, state=State.ANSWERED, due_outcome=DueOutcome.MET)
    due = presenters.due(row, NOON + timedelta(hours=3))
    assert (due.level, due.words, due.is_running) == ("met", "Answered in time", False)


def test_without_a_target_there_is_no_due_time() -> None:
    assert presenters.due(replace(ROW, due_at=None), NOON).level == "none"


def test_facts_leave_out_what_goes_without_saying() -> None:
    assert [fact.words for fact in presenters.facts(ROW)] == ["Question", "English"]
    upset = replace(ROW, sentiment="negative", urgency="now", needs_reply="optional")
    assert [fact.words for fact in presenters.facts(upset)] == [
        "Question",
        "Unhappy",
        "English",
        "Now",
        "Reply optional",
    ]


def test_time_past_and_time_left_are_told_in_one_unit() -> None:
    assert presenters.ago(NOON, NOON + timedelta(seconds=2)) == "just now"
    assert presenters.ago(NOON, NOON + timedelta(minutes=59, seconds=59)) == "59 min ago"
    assert presenters.left(NOON + timedelta(seconds=9.9), NOON) == "in 9 s"
    assert presenters.left(NOON, NOON) == "now"


def test_a_refusal_never_speaks_the_lifecycles_words() -> None:
    error = IllegalTransition(state=State.DISMISSED, trigger=Trigger.APPROVED)
    assert presenters.refusal(error) == (
        "That is not possible any more. It stands at: Closed without reply"
    )
    assert (
        presenters.refusal(NotFound(what="comment", name="x")) == "There is no such comment here."
    )


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36",
            "Chrome on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/1 Safari/5 Edg/156.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_called_what_its_owner_calls_it(agent: str, name: str) -> None:
    assert presenters.browser(agent) == name


def test_a_page_that_has_the_name_of_its_source_is_not_named_twice() -> None:
    assert presenters.page_title(replace(ROW, page_title="Garden guestbook")) is None
    assert (
        presenters.page_title(replace(ROW, page_title="Ten beds in March")) == "Ten beds in March"
    )
    assert presenters.page_title(ROW) is None

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.access.model import Role, Shortcuts, Theme
from responder.engagement.lifecycle import State, Trigger
from responder.engagement.model import (
    DismissalReason,
    DueOutcome,
    Intent,
    NeedsReply,
    Sentiment,
    Urgency,
)
from responder.review.ports import Balance
from responder.web.console import words

counts = st.integers(min_value=0, max_value=10**7)


def test_every_value_that_a_page_can_show_has_its_words() -> None:
    for values, said in (
        (State, words.STATES),
        (DismissalReason, words.REASONS),
        (Intent, words.INTENTS),
        (Sentiment, words.MOODS),
        (Urgency, words.URGENCIES),
        (NeedsReply, words.NEEDS),
        (DueOutcome, words.DUE),
        (Role, words.ROLES),
        (Shortcuts, words.SHORTCUTS),
        (Theme, words.THEMES),
    ):
        assert set(values) == set(said)
    assert set(Trigger) <= set(words.ACTS)


def test_an_act_without_words_of_its_own_is_still_readable() -> None:
    assert words.act("source_paused") == "Source paused"


@given(counts, counts, counts, counts)
def test_the_balance_is_a_sum_that_anybody_can_check(
    answered: int, closed: int, deleted: int, still_open: int
) -> None:
    accepted = answered + closed + deleted + still_open
    balance = Balance(
        accepted=accepted,
        answered=answered,
        dismissed=closed,
        withdrawn=deleted,
        open=still_open,
        unreadable=0,
    )
    assert words.balance(balance) == (
        f"Nothing is missing: {accepted:,} came in = {answered:,} answered + {closed:,} closed"
        f" + {deleted:,} deleted + {still_open:,} open"
    )


def test_a_balance_that_does_not_hold_says_so_first() -> None:
    balance = Balance(accepted=5, answered=1, dismissed=1, withdrawn=0, open=1, unreadable=0)
    assert words.balance(balance).startswith("2 cannot be accounted for: 5 came in")


@pytest.mark.parametrize(
    ("number", "shown"), [(7, "7"), (1000, "1,000"), (1001, "1,000+"), (1_204_000, "1,000+")]
)
def test_a_search_that_finds_much_is_not_counted_to_its_end(number: int, shown: str) -> None:
    assert words.figure(number, of_search=True) == shown
    assert words.figure(number, of_search=False) == f"{number:,}"


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        (0, "Stopped. Nothing is waiting to go out."),
        (1, "Stopped. 1 reply is still in its undo time; it goes out at the next start."),
        (2, "Stopped. 2 replies are still in their undo time; they go out at the next start."),
    ],
)
def test_stopping_says_what_still_waits(held: int, sentence: str) -> None:
    assert words.stopped(held) == sentence

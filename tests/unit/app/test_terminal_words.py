"""What a start says that it found, and what an audit says of a broken chain: words, with ids."""

from pathlib import Path
from uuid import UUID

import pytest

from responder.app.configuration import Configuration, parse
from responder.app.current import Change
from responder.app.terminal_words import Found, back, broken, reloaded
from responder.audit.chain import Break


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(), "Back. Nothing is missing."),
        (
            Found(came_meanwhile=3, looking_for=1),
            (
                "Back. 3 comments came meanwhile. 1 reply was under way: I look whether it is there"
                " before anything is sent again. Nothing is missing."
            ),
        ),
        (Found(missing=2), "Back. 2 comments are missing: responder audit verify"),
        (
            Found(held=2, held_seconds=-4),
            "Back. 2 replies were in their undo time and go out now. Nothing is missing.",
        ),
        (
            Found(held=1, held_seconds=7.2),
            "Back. 1 reply was in its undo time and goes out within 8 seconds. Nothing is missing.",
        ),
        (
            Found(open=12, unreadable=1),
            (
                "Back. 12 comments are open. 1 record could not be read: responder deadletter list."
                " Nothing is missing."
            ),
        ),
    ],
)
def test_coming_back_says_what_was_found(found: Found, said: str) -> None:
    assert back(found) == said


def _configured(**titles: str) -> Configuration:
    text = "\n".join(
        f'[sources.{name}]\nplatform = "webhook"\ntitle = "{title}"'
        for name, title in titles.items()
    )
    return parse(text, Path("responder.toml"))


def test_a_reading_of_the_configuration_says_which_version_and_what_changed() -> None:
    before, after = _configured(club="Club", news="News"), _configured(forum="Forum", news="Old")
    change = Change.between(before, after)
    assert reloaded(change) == (
        f"Configuration read again: version {after.version[:12]};"
        " sources: forum added, news changed, club removed."
    )


def test_a_reading_that_finds_nothing_new_says_so() -> None:
    before = _configured(club="Club")
    assert reloaded(Change.between(before, before)) == (
        f"The configuration is as it was: version {before.version[:12]}."
    )


def test_a_broken_chain_is_said_in_words_with_ids() -> None:
    about = UUID(int=5)
    where = Break(number=50, what="the entry is missing", entry_id=61, engagement_id=about)
    assert broken(where) == (
        f"The record of changes is broken at entry 50 (id 61, about {about}): the entry is missing."
        " What stands before it holds; from there on it proves nothing."
    )
    assert "()" not in broken(Break(number=50, what="the entry is missing"))

"""What keeps an event below the size of a record."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from responder.engagement.bounds import PAGE_TEXT_LIMIT_BYTES, fitted
from responder.engagement.events import (
    RAW_LIMIT_BYTES,
    TEXT_LIMIT_BYTES,
    EngagementReceived,
    EventAuthor,
    EventPage,
)


def comment(text: str = "", **more: Any) -> EngagementReceived:
    return EngagementReceived(
        comment_id="c1",
        text=text,
        author=EventAuthor(id="a", name="A"),
        published_at=datetime(2026, 1, 5, tzinfo=UTC),
        **more,
    )


def test_a_usual_comment_stays_as_it_is() -> None:
    given = comment("How do I mend it?", raw={"a": [1, "ü"]})
    assert fitted(given) == given


def test_a_text_at_the_limit_is_whole_and_one_byte_more_is_cut_and_flagged() -> None:
    at_limit = fitted(comment("x" * TEXT_LIMIT_BYTES))
    above = fitted(comment("x" * (TEXT_LIMIT_BYTES + 1)))
    assert (len(at_limit.text), at_limit.truncated) == (TEXT_LIMIT_BYTES, False)
    assert (len(above.text), above.truncated) == (TEXT_LIMIT_BYTES, True)


@settings(max_examples=20)
@given(st.integers(0, 3), st.sampled_from("xü€😀"))
def test_no_character_is_cut_in_half(shift: int, character: str) -> None:
    text = "a" * shift + character * TEXT_LIMIT_BYTES
    cut = fitted(comment(text)).text
    assert text.startswith(cut)
    assert TEXT_LIMIT_BYTES - 4 < len(cut.encode()) <= TEXT_LIMIT_BYTES


def test_a_large_raw_element_is_replaced_by_its_hash() -> None:
    raw = fitted(comment(raw={"held": "x" * RAW_LIMIT_BYTES})).raw
    assert isinstance(raw, dict)
    assert sorted(raw) == ["bytes", "sha256"]


def test_the_largest_event_fits_a_record() -> None:
    page = EventPage(text="😀" * (TEXT_LIMIT_BYTES - 1))
    raw = {"held": "€" * (RAW_LIMIT_BYTES // 3 - 10)}
    event = fitted(comment("😀" * TEXT_LIMIT_BYTES, page=page, raw=raw))
    assert event.page is not None
    assert len((event.page.text or "").encode()) == PAGE_TEXT_LIMIT_BYTES
    assert len(event.model_dump_json().encode()) < 900_000
    assert json.loads(event.model_dump_json())["truncated"] is True

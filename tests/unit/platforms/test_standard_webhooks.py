"""Bodies in the Standard Webhooks format."""

import json
from typing import Any

import pytest

from responder.engagement.events import EngagementReceived, ReplyPosted
from responder.engagement.model import Kind
from responder.intake.ports import Parsed, Push
from responder.intake.secrets import Rotating, Secret
from responder.platforms.standard_webhooks import StandardWebhooks

PLATFORM = StandardWebhooks(Rotating(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
COMMENT: dict[str, Any] = {
    "comment_id": "c1",
    "text": "How do I mend it?",
    "author": {"id": "a1", "name": "Ana"},
    "published_at": "2026-01-05T09:00:00Z",
}
POSTED = {
    "thread_id": "t1",
    "reply_id": "018f0000-0000-7000-8000-000000000001",
    "comment_id": "c2",
}


def parse(body: object) -> Parsed:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return PLATFORM.parse(Push(headers=(("content-type", "application/json"),), body=raw))


def pushed(data: object, event_type: str = "engagement.received.v1") -> Parsed:
    return parse({"type": event_type, "timestamp": "2026-01-05T09:00:01Z", "data": data})


def test_a_comment_is_found() -> None:
    (found,) = pushed(COMMENT).found
    assert isinstance(found.data, EngagementReceived)
    assert found.data.text == "How do I mend it?"


@pytest.mark.parametrize("kind", Kind)
def test_the_short_types_say_the_kind(kind: Kind) -> None:
    (found,) = pushed(COMMENT, f"comment.{kind}").found
    assert isinstance(found.data, EngagementReceived)
    assert found.data.kind is kind


def test_a_receipt_of_a_reply_is_found() -> None:
    (found,) = pushed(POSTED, "reply.posted.v1").found
    assert isinstance(found.data, ReplyPosted)


@pytest.mark.parametrize("event_type", ["ping", "post.liked", "user.created"])
def test_news_of_something_else_is_left_out_and_said(event_type: str) -> None:
    parsed = pushed({}, event_type)
    assert (parsed.found, parsed.broken) == ((), ())
    assert len(parsed.ignored) == 1


UNREADABLE = {
    "not JSON": b"{",
    "empty": b"",
    "not UTF-8": b"\xff\xfe",
    "UTF-16": json.dumps({"type": "ping"}).encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a list": b"[]",
    "null": b"null",
    "NaN": b'{"type": NaN}',
    "without a type": b"{}",
    "a type that is no text": b'{"type": 1}',
    "a number of 5,000 digits": b'{"type": ' + b"9" * 5_000 + b"}",
    "nested 33 deep": b"[" * 33 + b"]" * 33,
    "nested 10,000 deep": b"[" * 10_000 + b"]" * 10_000,
    "nested 100,000 deep": b'{"a":' * 100_000,
    "a later version": json.dumps({"type": "engagement.received.v2", "data": COMMENT}).encode(),
    "a typing error": json.dumps({"type": "comment.create", "data": COMMENT}).encode(),
    "without data": b'{"type": "engagement.received.v1"}',
    "data that is no object": b'{"type": "engagement.received.v1", "data": [1]}',
    "short type, data that is no object": b'{"type": "comment.created", "data": "x"}',
    "a time out of range": json.dumps(
        {"type": "comment.created", "data": COMMENT | {"published_at": "0001-01-01T00:00+14:00"}}
    ).encode(),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_kept_whole(body: bytes) -> None:
    parsed = parse(body)
    assert parsed.found == ()
    assert [broken.value for broken in parsed.broken] == [body]


@pytest.mark.parametrize("field", ["comment_id", "text", "author", "published_at"])
def test_a_comment_without_a_required_field_is_kept_and_the_field_is_named(field: str) -> None:
    (broken,) = pushed({name: held for name, held in COMMENT.items() if name != field}).broken
    assert field in broken.why


@pytest.mark.parametrize("said", ["edited", "deleted", 1, None])
def test_data_of_another_kind_than_its_type_is_kept_and_never_taken_for_what_it_is_not(
    said: object,
) -> None:
    body = json.dumps({"type": "comment.created", "data": COMMENT | {"kind": said}}).encode()
    parsed = parse(body)
    assert parsed.found == ()
    (broken,) = parsed.broken
    assert "kind" in broken.why
    assert "created" in broken.why


def test_the_reason_quotes_nothing_of_the_body() -> None:
    (broken,) = pushed(COMMENT | {"published_at": "my secret diary"}).broken
    assert "diary" not in broken.why


@pytest.mark.parametrize(
    "text", ["\ud800", "a\x00b", "", "x" * 300_000], ids=["surrogate", "NUL", "empty", "long"]
)
def test_a_strange_text_does_not_lose_the_comment(text: str) -> None:
    assert len(pushed(COMMENT | {"text": text}).found) == 1


def test_it_knows_no_handshake() -> None:
    assert PLATFORM.handshake(Push(headers=(), body=b"")) is None

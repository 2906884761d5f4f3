"""CloudEvents over HTTP: the three modes, the two proofs, the handshake."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.events import EngagementReceived, ReplyPosted
from responder.intake.ports import BadEnvelope, Parsed, Push, Reason, Refused, Verified
from responder.intake.secrets import Rotating, Secret, UnusableSecret
from responder.platforms.cloudevents import BATCH, STRUCTURED, CloudEvents
from responder.platforms.signatures import sign_standard

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "a-token-of-more-than-24-characters"  # noqa: S105 - made up here
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BEARER = CloudEvents(Rotating(Secret(TOKEN)), allows_batches=True)
SIGNED = CloudEvents(Rotating(Secret(KEY)))
COMMENT: dict[str, Any] = {
    "comment_id": "c1",
    "text": "How do I mend it?",
    "author": {"id": "a1", "name": "Ana"},
    "published_at": "2026-01-05T09:00:00Z",
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "https://example.org/blog",
    "type": "engagement.received.v1",
    "data": COMMENT,
}
ATTRIBUTES = {
    "ce-specversion": "1.0",
    "ce-id": "e1",
    "ce-source": "https://example.org/blog",
    "ce-type": "engagement.received.v1",
}


def push(body: object, media_type: str = STRUCTURED, **headers: str) -> Push:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    return Push(headers=(("content-type", media_type), *given.items()), body=raw)


def binary(body: object = COMMENT, **changed: str | None) -> Push:
    given = ATTRIBUTES | {name.replace("_", "-"): text for name, text in changed.items()}
    kept = {name: text for name, text in given.items() if text is not None}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Push(headers=(("content-type", "application/json"), *kept.items()), body=raw)


def comments(parsed: Parsed) -> list[str]:
    return [
        found.data.comment_id
        for found in parsed.found
        if isinstance(found.data, EngagementReceived)
    ]


class TestStructured:
    def test_an_event_is_found_with_its_own_id(self) -> None:
        parsed = BEARER.parse(push(EVENT))
        assert comments(parsed) == ["c1"]
        assert parsed.found[0].delivery_id == "e1"

    def test_the_media_type_may_carry_parameters_in_any_case(self) -> None:
        given = push(EVENT, "Application/CloudEvents+JSON; charset=UTF-8")
        assert given.media_type in BEARER.media_types
        assert comments(BEARER.parse(given)) == ["c1"]

    def test_data_may_come_in_base64(self) -> None:
        encoded = base64.b64encode(json.dumps(COMMENT).encode()).decode()
        event = {name: held for name, held in EVENT.items() if name != "data"}
        assert comments(BEARER.parse(push(event | {"data_base64": encoded}))) == ["c1"]

    def test_a_receipt_of_a_reply_is_found(self) -> None:
        posted = {
            "thread_id": "t1",
            "reply_id": "018f0000-0000-7000-8000-000000000001",
            "comment_id": "c2",
        }
        parsed = BEARER.parse(push(EVENT | {"type": "reply.posted.v1", "data": posted}))
        assert isinstance(parsed.found[0].data, ReplyPosted)

    def test_news_of_something_else_is_left_out_and_said(self) -> None:
        parsed = BEARER.parse(push(EVENT | {"type": "com.example.liked"}))
        assert (parsed.found, parsed.broken, len(parsed.ignored)) == ((), (), 1)

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"\xff",
            b"[]",
            *(
                json.dumps(EVENT | change).encode()
                for change in (
                    {"specversion": "0.3"},
                    {"id": ""},
                    {"id": 7},
                    {"id": "x" * 513},
                    {"source": None},
                    {"type": "engagement.received.v9"},
                    {"data": None},
                    {"datacontenttype": "text/xml"},
                    {"data_base64": "%%%"},
                    {"data_base64": "ä"},
                    {"data_base64": 1},
                )
            ),
        ],
    )
    def test_what_cannot_be_read_is_kept_whole(self, body: bytes) -> None:
        parsed = BEARER.parse(push(body))
        assert parsed.found == ()
        assert [broken.value for broken in parsed.broken] == [body]


class TestBatch:
    def test_one_broken_element_never_loses_the_others(self) -> None:
        body = [EVENT, {"specversion": "1.0"}, 7, EVENT | {"data": COMMENT | {"comment_id": "c2"}}]
        parsed = BEARER.parse(push(body, BATCH))
        assert comments(parsed) == ["c1", "c2"]
        assert [json.loads(broken.value) for broken in parsed.broken] == [body[1], 7]

    def test_a_broken_element_can_be_read_again_by_itself(self) -> None:
        (broken,) = BEARER.parse(push([EVENT | {"type": "comment.maybe"}], BATCH)).broken
        assert broken.media_type == STRUCTURED

    def test_an_empty_batch_holds_nothing(self) -> None:
        assert BEARER.parse(push([], BATCH)) == Parsed()

    @pytest.mark.parametrize("body", [b"{}", b"[", json.dumps([EVENT] * 1_001).encode()])
    def test_what_is_no_batch_is_kept_whole(self, body: bytes) -> None:
        assert [broken.value for broken in BEARER.parse(push(body, BATCH)).broken] == [body]

    def test_batches_are_taken_only_if_the_source_allows_them(self) -> None:
        assert BATCH in BEARER.media_types
        assert BATCH not in SIGNED.media_types


class TestBinary:
    def test_an_event_is_found(self) -> None:
        parsed = BEARER.parse(binary())
        assert comments(parsed) == ["c1"]
        assert parsed.found[0].delivery_id == "e1"

    def test_an_id_that_no_signature_covers_is_not_relied_on(self) -> None:
        assert SIGNED.parse(binary()).found[0].delivery_id is None

    @pytest.mark.parametrize(
        ("sent", "meant"),
        [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
            ('"Euro%20%E2%82%AC"', "Euro €"),
            (r'"say \"hi\""', 'say "hi"'),
            ("100%", "100%"),
            ("%2541", "%41"),
        ],
    )
    def test_header_values_are_decoded_once(self, sent: str, meant: str) -> None:
        assert BEARER.parse(binary(ce_id=sent)).found[0].delivery_id == meant

    @pytest.mark.parametrize(
        "given",
        [
            binary(ce_specversion=None),
            binary(ce_specversion="1.1"),
            binary(ce_id=None),
            binary(ce_source=None),
            binary(ce_type=None),
            binary(ce_type=""),
            binary(ce_id="%C0%A0"),
            binary(ce_subject="%FF"),
            binary(ce_id="Euro €"),
            binary(ce_datacontenttype="application/json"),
            Push(headers=(*binary().headers, ("ce-id", "e1")), body=b"{}"),
        ],
    )
    def test_malformed_headers_are_the_senders_to_mend(self, given: Push) -> None:
        with pytest.raises(BadEnvelope):
            BEARER.parse(given)

    def test_a_body_that_cannot_be_read_is_kept_whole(self) -> None:
        (broken,) = BEARER.parse(binary(b"\xff{")).broken
        assert broken.value == b"\xff{"


class TestProof:
    def test_a_bearer_token_is_accepted(self) -> None:
        verdict = BEARER.verify(push(EVENT, authorization=f"bearer {TOKEN}"), now=NOW)
        assert verdict == Verified(delivery_id=None, sent_at=None, key_no=0)

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ((), Reason.MISSING_HEADER),
            ((("authorization", f"Basic {TOKEN}"),), Reason.MALFORMED_HEADER),
            ((("authorization", TOKEN),), Reason.MALFORMED_HEADER),
            ((("authorization", f"Bearer {TOKEN}"),) * 2, Reason.MALFORMED_HEADER),
            ((("authorization", "Bearer "),), Reason.WRONG_SIGNATURE),
            ((("authorization", f"Bearer {TOKEN}x"),), Reason.WRONG_SIGNATURE),
            ((("authorization", "Bearer \udcff"),), Reason.WRONG_SIGNATURE),
        ],
    )
    def test_anything_else_is_refused(
        self, headers: tuple[tuple[str, str], ...], reason: Reason
    ) -> None:
        verdict = BEARER.verify(Push(headers=headers, body=b"{}"), now=NOW)
        assert isinstance(verdict, Refused)
        assert verdict.reason is reason

    def test_an_older_token_works_until_it_ends(self) -> None:
        tokens = Rotating(Secret("n" * 24), Secret(TOKEN), NOW)
        given = push(EVENT, authorization=f"Bearer {TOKEN}")
        platform = CloudEvents(tokens)
        before = platform.verify(given, now=NOW - timedelta(seconds=1))
        after = platform.verify(given, now=NOW)
        assert before == Verified(delivery_id=None, sent_at=None, key_no=1)
        assert after == Refused(reason=Reason.SECRET_ENDED, detail="the token has ended")

    def test_a_source_with_a_signing_secret_wants_a_signature(self) -> None:
        body = json.dumps(EVENT).encode()
        stamp = int(NOW.timestamp())
        signed = push(
            body,
            webhook_id="m1",
            webhook_timestamp=str(stamp),
            webhook_signature=sign_standard(KEY, "m1", stamp, body),
        )
        assert SIGNED.verify(signed, now=NOW) == Verified(delivery_id="m1", sent_at=NOW, key_no=0)

    def test_a_source_with_a_signing_secret_takes_no_bearer_token(self) -> None:
        given = push(EVENT, authorization=f"Bearer {KEY}")
        assert isinstance(SIGNED.verify(given, now=NOW), Refused)

    @pytest.mark.parametrize(
        "secrets",
        [
            Rotating(Secret("short")),
            Rotating(Secret("whsec_short")),
            Rotating(Secret(KEY), Secret(TOKEN), NOW),
        ],
    )
    def test_a_secret_that_proves_little_is_refused_when_it_is_configured(
        self, secrets: Rotating
    ) -> None:
        with pytest.raises(UnusableSecret):
            CloudEvents(secrets)


class TestHandshake:
    def ask(self, *headers: tuple[str, str]) -> dict[str, str] | None:
        answer = CloudEvents(Rotating(Secret(TOKEN)), requests_per_minute=600).handshake(
            Push(headers=headers, body=b"")
        )
        return None if answer is None else dict(answer.headers)

    def test_the_asking_origin_is_allowed_at_our_rate(self) -> None:
        assert self.ask(("webhook-request-origin", "events.example.org")) == {
            "Allow": "POST, OPTIONS",
            "WebHook-Allowed-Origin": "events.example.org",
            "WebHook-Allowed-Rate": "600",
        }

    @pytest.mark.parametrize(("asked", "allowed"), [("120", "120"), ("9000", "600")])
    def test_the_rate_is_what_was_asked_for_up_to_ours(self, asked: str, allowed: str) -> None:
        origin = ("webhook-request-origin", "events.example.org")
        answer = self.ask(origin, ("webhook-request-rate", asked))
        assert answer is not None
        assert answer["WebHook-Allowed-Rate"] == allowed

    def test_options_without_an_origin_is_no_handshake(self) -> None:
        assert self.ask() is None

    @pytest.mark.parametrize(
        "headers",
        [
            (("webhook-request-origin", ""),),
            (("webhook-request-origin", "a\r\nb"),),
            (("webhook-request-origin", "a" * 254),),
            (("webhook-request-origin", "a"), ("webhook-request-origin", "b")),
            (("webhook-request-origin", "a"), ("webhook-request-rate", "0")),
            (("webhook-request-origin", "a"), ("webhook-request-rate", "-1")),
            (("webhook-request-origin", "a"), ("webhook-request-rate", "1e9")),
        ],
    )
    def test_a_malformed_one_is_the_senders_to_mend(
        self, headers: tuple[tuple[str, str], ...]
    ) -> None:
        with pytest.raises(BadEnvelope):
            self.ask(*headers)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    st.one_of(
        st.binary(),
        json_values.map(lambda value: json.dumps(value).encode()),
        st.dictionaries(st.sampled_from([*EVENT, "data_base64"]), json_values).map(
            lambda changed: json.dumps(EVENT | changed).encode()
        ),
        st.dictionaries(st.sampled_from(list(COMMENT)), json_values).map(
            lambda changed: json.dumps(EVENT | {"data": COMMENT | changed}).encode()
        ),
    ),
    st.integers(1, 3),
)
def test_a_body_is_read_or_kept_or_left_out_exactly_once(body: bytes, times: int) -> None:
    parsed = BEARER.parse(push(body))
    batch = BEARER.parse(push(b"[" + b",".join([body] * times) + b"]", BATCH))
    assert len(parsed.found) + len(parsed.broken) + len(parsed.ignored) == 1
    assert [broken.value for broken in parsed.broken] in ([], [body])
    assert len(batch.found) == times * len(parsed.found)
    assert all(json.loads(found.data.model_dump_json()) for found in parsed.found)

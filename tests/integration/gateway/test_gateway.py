"""The gateway over real sockets: every answer it gives, and what it keeps."""

import asyncio
import base64
import gzip
import hashlib
import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from responder.engagement.deadletter import read_buried
from responder.engagement.events import read_event
from responder.engagement.model import EventId, SourceId
from responder.intake.ports import Outcome, Reason, ReceiptState, ReceiptStatus
from responder.intake.rate import Rate
from responder.intake.reading import BODY_LIMIT_BYTES
from responder.intake.secrets import Rotating, Secret
from tests.integration.gateway.kit import (
    BEARER,
    COMMENT,
    EVENT,
    KEY,
    OTHER_KEY,
    Answer,
    Scene,
    comment,
)

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def assert_problem(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["code"] == code
    assert answer.json["status"] == status
    assert answer.json["type"].endswith(code)


class TestTaken:
    async def test_a_signed_comment_is_on_the_log_and_its_receipt_names_it(
        self, scene: Scene
    ) -> None:
        answer = await scene.push(comment())
        (record,) = scene.stored
        event = read_event(record.headers, record.value)
        assert answer.status == 202
        assert answer.json["status"] == "received"
        assert answer.json["delivery_id"] == "m1"
        (said,) = answer.json["events"]
        assert (said["id"], said["comment_id"], said["kind"]) == (event.id, "c1", "created")
        assert said["status_url"].startswith(f"/status/shop/{event.id}?")

    async def test_what_a_foreign_library_signs_is_taken(self, scene: Scene) -> None:
        body = json.dumps(comment(text="schön 😀"), ensure_ascii=False)
        now = scene.clock.now()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(KEY).sign("msg_1", now, body),
        }
        answer = await scene.push(body.encode(), headers=headers)
        assert answer.status == 202
        assert len(scene.stored) == 1

    async def test_a_receipt_of_a_reply_is_taken_at_the_same_address(self, scene: Scene) -> None:
        posted = {
            "thread_id": "t1",
            "reply_id": "018f0000-0000-7000-8000-000000000001",
            "comment_id": "c2",
        }
        answer = await scene.push({"type": "reply.posted.v1", "data": posted})
        assert answer.status == 202
        assert answer.json["events"][0]["comment_id"] == "c2"

    async def test_cloud_events_come_structured_binary_and_in_batches(self, scene: Scene) -> None:
        structured = await scene.push_event(EVENT, STRUCTURED)
        attributes = {f"ce_{name}": text for name, text in EVENT.items() if name != "data"}
        binary = await scene.push_event(COMMENT, "application/json", **attributes)
        batch = await scene.push_event([EVENT, EVENT], BATCH)
        assert [a.status for a in (structured, binary, batch)] == [202, 202, 202]
        ids = [said["id"] for a in (structured, binary, batch) for said in a.json["events"]]
        assert len(ids) == 4
        assert len(set(ids)) == 1

    async def test_a_ping_is_acknowledged_and_nothing_kept(self, scene: Scene) -> None:
        answer = await scene.push({"type": "ping"})
        assert (answer.status, answer.json["events"]) == (202, [])
        assert len(answer.json["ignored"]) == 1
        assert scene.stored == []

    async def test_an_event_whose_id_holds_half_a_letter_is_taken(self, scene: Scene) -> None:
        answer = await scene.push_event({**EVENT, "id": "e\ud83d"}, "application/cloudevents+json")
        assert (answer.status, len(answer.json["events"])) == (202, 1)
        (stored,) = scene.stored
        assert b"e\xef\xbf\xbd" in stored.value

    async def test_a_check_verifies_and_reads_and_stores_nothing(self, scene: Scene) -> None:
        answer = await scene.push(comment(), path="/in/shop/shop-token?check=1")
        assert (answer.status, answer.json["status"]) == (200, "checked")
        assert answer.json["events"][0]["comment_id"] == "c1"
        assert "status_url" not in answer.json["events"][0]
        assert scene.stored == []

    async def test_a_check_of_a_forged_push_is_refused_like_the_push(self, scene: Scene) -> None:
        answer = await scene.push(comment(), path="/in/shop/shop-token?check=1", key=OTHER_KEY)
        assert_problem(answer, 401, "not-authentic")

    @pytest.mark.fault(4)
    async def test_one_event_fifty_times_at_once_has_one_id(self, scene: Scene) -> None:
        answers = await asyncio.gather(*(scene.push(comment()) for _ in range(50)))
        assert {answer.status for answer in answers} == {202}
        assert len({answer.json["events"][0]["id"] for answer in answers}) == 1

    @pytest.mark.fault(4)
    async def test_the_same_delivery_with_another_body_stands_by_its_own_id(
        self, scene: Scene
    ) -> None:
        answers = [await scene.push(comment(text=text), message_id="m1") for text in ("a", "b")]
        assert [answer.status for answer in answers] == [202, 202]
        assert len({answer.json["events"][0]["id"] for answer in answers}) == 2

    async def test_receipts_link_to_the_public_address_if_there_is_one(self) -> None:
        scene = Scene(public_url="https://responder.example/")
        await scene.start()
        answer = await scene.push(comment())
        await scene.stop()
        url = answer.json["events"][0]["status_url"]
        assert url.startswith("https://responder.example/status/shop/")


@pytest.mark.fault(5)
class TestUnreadable:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"\xff\xfe",
            b"[" * 10_000,
            b'{"type": NaN}',
            b'{"type": "engagement.received.v1", "data": {"text": "\\ud800"}}',
            b'{"type": "engagement.received.v1", "data": {"published_at": 1e400}}',
        ],
    )
    async def test_a_signed_body_that_cannot_be_read_is_acknowledged_and_kept_whole(
        self, scene: Scene, body: bytes
    ) -> None:
        answer = await scene.push(body)
        (record,) = scene.buried
        letter = read_buried(record.headers, key=record.key, value=record.value)
        assert answer.status == 202
        assert letter.value == body
        assert answer.json["unreadable"][0]["id"] == letter.receipt
        assert answer.json["unreadable"][0]["why"] == letter.why

    async def test_the_largest_body_that_cannot_be_read_still_fits_the_log(
        self, scene: Scene
    ) -> None:
        answer = await scene.push(b"x" * BODY_LIMIT_BYTES)
        assert answer.status == 202
        assert [len(record.value) for record in scene.buried] == [BODY_LIMIT_BYTES]

    async def test_the_largest_comment_still_fits_the_log(self, scene: Scene) -> None:
        room = BODY_LIMIT_BYTES - len(json.dumps(comment(text="", raw="")))
        answer = await scene.push(comment(text="x" * (room - 600_000), raw="y" * 600_000))
        assert answer.status == 202
        data = json.loads(scene.stored[0].value)
        assert (len(data["text"]), data["truncated"]) == (262_144, True)
        assert sorted(data["raw"]) == ["bytes", "sha256"]

    async def test_one_broken_element_of_a_batch_is_kept_alone(self, scene: Scene) -> None:
        answer = await scene.push_event([EVENT, {"specversion": "1.0"}], BATCH)
        assert answer.status == 202
        assert [len(answer.json[part]) for part in ("events", "unreadable")] == [1, 1]
        assert [json.loads(r.value) for r in scene.buried] == [{"specversion": "1.0"}]

    async def test_malformed_event_headers_are_told_and_nothing_is_kept(self, scene: Scene) -> None:
        answer = await scene.push_event(COMMENT, "application/json", ce_specversion="1.0")
        assert_problem(answer, 400, "bad-envelope")
        assert answer.json["detail"] == "id cannot be read: it is missing"
        assert (scene.stored, scene.buried) == ([], [])


GOOD = json.dumps(comment()).encode()
FORGED: dict[str, dict[str, str | None]] = {
    "no signature": {"webhook-signature": None},
    "no id": {"webhook-id": None},
    "no timestamp": {"webhook-timestamp": None},
    "only the version": {"webhook-signature": "v1"},
    "an empty digest": {"webhook-signature": "v1,"},
    "bad base64": {"webhook-signature": "v1,a"},
    "two commas": {"webhook-signature": "v1,x,y"},
    "two spaces": {"webhook-signature": "v1,AAAA  v1,AAAA"},
    "outside ASCII": {"webhook-signature": "v1,ä"},
    "an Ed25519 signature": {"webhook-signature": "v1a," + base64.b64encode(b"x" * 64).decode()},
    "another version": {"webhook-signature": "v0,AAAA"},
    "GitHub's header alone": {"webhook-signature": None, "X-Hub-Signature": "sha1=" + "0" * 40},
    **{
        f"timestamp {text!r}": {"webhook-timestamp": text}
        for text in ("abc", "", "1e9", "nan", "1e30", "123.9", "-1", "١٢٣")
    },
    "an id with a full stop": {"webhook-id": "m.1"},
}


class TestForged:
    @pytest.mark.parametrize("changed", FORGED.values(), ids=FORGED)
    async def test_a_push_that_proves_nothing_is_refused_and_leaves_nothing(
        self, scene: Scene, changed: dict[str, str | None]
    ) -> None:
        given = {**scene.signed(GOOD), **changed}
        headers = {name: text for name, text in given.items() if text is not None}
        answer = await scene.push(GOOD, headers=headers)
        assert_problem(answer, 401, "not-authentic")
        assert (scene.stored, scene.buried) == ([], [])

    @pytest.mark.parametrize("repeated", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    async def test_a_repeated_signature_header_is_refused(
        self, scene: Scene, repeated: str
    ) -> None:
        headers = [*scene.signed(GOOD).items(), (repeated, "x")]
        answer = await scene.ask("POST", "/in/shop/shop-token", data=GOOD, headers=headers)
        assert_problem(answer, 401, "not-authentic")

    @pytest.mark.parametrize(
        "body",
        [b"", GOOD + b"\n", json.dumps(json.loads(GOOD), indent=1).encode(), b"\xff\xfe"],
        ids=["empty", "one newline more", "written again", "not UTF-8"],
    )
    async def test_other_bytes_than_were_signed_are_refused(
        self, scene: Scene, body: bytes
    ) -> None:
        answer = await scene.push(body, headers=scene.signed(GOOD))
        assert_problem(answer, 401, "not-authentic")

    async def test_another_sources_good_signature_is_refused(self, scene: Scene) -> None:
        assert (await scene.push(GOOD, path="/in/forum/forum-token", key=OTHER_KEY)).status == 202
        assert_problem(await scene.push(GOOD, key=OTHER_KEY), 401, "not-authentic")

    @pytest.mark.parametrize("skew", [-400, 400])
    async def test_the_sender_is_told_no_reason_and_the_operator_the_true_one(
        self, scene: Scene, skew: int
    ) -> None:
        stale = await scene.push(GOOD, skew=skew)
        forged = await scene.push(GOOD, key=OTHER_KEY)
        assert stale.body == forged.body
        assert [refusal.reason for refusal in scene.notes.refusals] == [
            Reason.CLOCK_OFF,
            Reason.WRONG_SIGNATURE,
        ]
        assert "s off" in scene.notes.refusals[0].detail

    async def test_during_a_rotation_both_secrets_work_and_then_the_newer_alone(
        self, scene: Scene
    ) -> None:
        platform_of = type(scene.sources[SourceId("shop")].platform)
        now = scene.clock.now()

        async def statuses(ends_in: timedelta) -> list[int]:
            secrets = Rotating(Secret(OTHER_KEY), Secret(KEY), now + ends_in)
            shop = replace(scene.sources[SourceId("shop")], platform=platform_of(secrets))  # type: ignore[call-arg]
            scene.sources[SourceId("shop")] = shop
            return [(await scene.push(GOOD, key=key)).status for key in (OTHER_KEY, KEY)]

        assert await statuses(timedelta(hours=24)) == [202, 202]
        assert await statuses(timedelta(hours=-24)) == [202, 401]
        assert scene.notes.refusals[-1].reason is Reason.SECRET_ENDED


class TestAddress:
    @pytest.mark.parametrize(
        "path", ["/in/shop/wrong", "/in/gone/shop-token", "/in/shop/blog-token", "/in/shop/%00"]
    )
    async def test_an_unknown_source_and_a_wrong_token_look_the_same(
        self, scene: Scene, path: str
    ) -> None:
        answer = await scene.push(GOOD, path=path)
        assert_problem(answer, 404, "unknown-address")
        assert answer.body == (await scene.push(GOOD, path="/in/nobody/nothing")).body
        assert scene.notes.seen[0].source == "unknown"

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
    async def test_other_methods_are_refused(self, scene: Scene, method: str) -> None:
        answer = await scene.ask(method, "/in/shop/shop-token")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")

    async def test_a_source_without_handshake_takes_no_options(self, scene: Scene) -> None:
        assert_problem(await scene.ask("OPTIONS", "/in/shop/shop-token"), 405, "method-not-allowed")

    async def test_the_handshake_of_cloud_events_is_answered_and_keeps_nothing(
        self, scene: Scene
    ) -> None:
        asking = {"WebHook-Request-Origin": "events.example.org", "WebHook-Request-Rate": "120"}
        answer = await scene.ask("OPTIONS", "/in/blog/blog-token", headers=asking)
        assert answer.status == 200
        assert answer.headers["WebHook-Allowed-Origin"] == "events.example.org"
        assert answer.headers["WebHook-Allowed-Rate"] == "120"
        assert scene.stored == []

    async def test_a_malformed_handshake_is_told(self, scene: Scene) -> None:
        asking = {"WebHook-Request-Origin": "not a host"}
        answer = await scene.ask("OPTIONS", "/in/blog/blog-token", headers=asking)
        assert_problem(answer, 400, "bad-envelope")

    async def test_an_unknown_path_is_a_problem_too(self, scene: Scene) -> None:
        assert_problem(await scene.ask("GET", "/nowhere"), 404, "not-found")

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", ""])
    async def test_a_request_for_another_host_is_refused(self, scene: Scene, host: str) -> None:
        answer = await scene.push(GOOD, headers=scene.signed(GOOD) | {"Host": host})
        assert_problem(answer, 421, "misdirected")
        assert scene.stored == []


@pytest.mark.fault(3)
class TestLimits:
    async def test_a_body_over_the_cap_is_refused_unread(self, scene: Scene) -> None:
        body = b"x" * (BODY_LIMIT_BYTES + 1)
        assert_problem(await scene.push(body), 413, "too-large")
        assert scene.notes.refusals[0].reason is Reason.TOO_LARGE

    async def test_a_length_over_the_cap_is_answered_before_a_byte_of_it_came(
        self, scene: Scene
    ) -> None:
        head = (
            b"POST /in/shop/shop-token HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 10000000\r\n\r\n"
        )
        assert (await scene.raw(head)).startswith(b"HTTP/1.1 413 ")

    async def test_chunks_are_cut_at_the_cap(self, scene: Scene) -> None:
        async def endless() -> Any:
            for _ in range(200):
                yield b"x" * 65_536

        headers = scene.signed(GOOD)
        answer = await scene.ask("POST", "/in/shop/shop-token", data=endless(), headers=headers)
        assert_problem(answer, 413, "too-large")

    async def test_chunks_under_the_cap_are_taken(self, scene: Scene) -> None:
        async def chunks() -> Any:
            yield GOOD[:10]
            yield GOOD[10:]

        headers = scene.signed(GOOD)
        answer = await scene.ask("POST", "/in/shop/shop-token", data=chunks(), headers=headers)
        assert answer.status == 202

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity", "x"])
    async def test_an_encoded_body_is_refused_whatever_it_holds(
        self, scene: Scene, encoding: str
    ) -> None:
        bomb = gzip.compress(b"0" * 5_000_000)
        headers = scene.signed(bomb) | {"Content-Encoding": encoding}
        answer = await scene.push(bomb, headers=headers)
        assert_problem(answer, 415, "content-encoding")

    @pytest.mark.parametrize(
        "media_type",
        ["text/plain", "application/xml", "application/json; charset=latin-1", STRUCTURED, ""],
    )
    async def test_other_content_types_are_refused_and_the_right_ones_named(
        self, scene: Scene, media_type: str
    ) -> None:
        headers = scene.signed(GOOD) | {"Content-Type": media_type}
        answer = await scene.push(GOOD, headers=headers)
        assert_problem(answer, 415, "unsupported-media-type")
        assert answer.headers["Accept"] == "application/json"

    async def test_a_slow_body_is_given_up(self) -> None:
        scene = Scene(body_seconds=0.2)
        await scene.start()
        head = (
            b"POST /in/shop/shop-token HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        answer = await scene.raw(head)
        await scene.stop()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"too-slow"' in answer

    async def test_a_connection_that_sends_no_whole_head_is_closed(self) -> None:
        scene = Scene()
        await scene.start(idle_seconds=0.2)
        answer = await scene.raw(b"POST /in/shop/shop-token HTTP/1.1\r\nHost: local")
        await scene.stop()
        assert answer == b""

    @pytest.mark.parametrize(
        ("head", "status", "code"),
        [
            (b"POST /in/%s HTTP/1.1\r\n" % (b"a" * 10_000), 414, "address-too-long"),
            (b"POST /in HTTP/1.1\r\nX: %s\r\n" % (b"a" * 10_000), 431, "headers-too-large"),
            (b"POST /in HTTP/1.1\r\n%s: a\r\n" % (b"X" * 10_000), 431, "headers-too-large"),
            (b"POST /in HTTP/1.1\r\n" + b"X: a\r\n" * 1_000, 431, "headers-too-large"),
        ],
        ids=["the address", "a header", "the name of a header", "many headers"],
    )
    async def test_a_head_over_its_limits_is_refused_by_what_is_too_large_in_it(
        self, scene: Scene, head: bytes, status: int, code: str
    ) -> None:
        answer = await scene.raw(head + b"\r\n")
        assert int(answer.split()[1]) == status
        assert f'"{code}"'.encode() in answer
        assert b"aaaa" not in answer

    async def test_a_source_over_its_rate_is_told_when_to_come_again(self) -> None:
        scene = Scene(rate=Rate(per_second=0.01, burst=2))
        await scene.start()
        answers = [await scene.push(GOOD) for _ in range(3)]
        await scene.stop()
        assert [answer.status for answer in answers] == [202, 202, 429]
        assert_problem(answers[2], 429, "rate-limit")
        assert 0 < int(answers[2].headers["Retry-After"]) <= 100


class TestTheLogIsAway:
    async def test_a_log_that_is_down_is_503_and_nothing_is_acknowledged(
        self, scene: Scene
    ) -> None:
        scene.log.down()
        answer = await scene.push(GOOD)
        assert_problem(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert scene.stored == []
        assert scene.notes.seen[0].outcome is Outcome.UNAVAILABLE
        assert "the log is down" in scene.notes.refusals[0].detail

    async def test_a_log_that_hangs_is_503_within_the_limit_of_the_sink(self, scene: Scene) -> None:
        scene.log.pause()
        assert_problem(await scene.push(GOOD), 503, "unavailable")

    async def test_a_dead_letter_that_cannot_be_kept_is_not_acknowledged(
        self, scene: Scene
    ) -> None:
        scene.log.down()
        assert (await scene.push(b"{")).status == 503

    async def test_a_forged_push_learns_nothing_of_the_log(self, scene: Scene) -> None:
        scene.log.down()
        assert (await scene.push(GOOD, key=OTHER_KEY)).status == 401

    async def test_when_the_log_is_back_the_repeat_is_taken(self, scene: Scene) -> None:
        scene.log.down()
        assert (await scene.push(GOOD)).status == 503
        scene.log.up()
        async with asyncio.timeout(10):
            while (await scene.push(GOOD)).status != 202:  # noqa: ASYNC110 - as a sender does
                await asyncio.sleep(0.05)
        assert len(scene.stored) == 1


class TestHttp:
    @pytest.mark.parametrize(
        "head",
        [
            b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            b"Content-Length: 3\r\nContent-Length: 4\r\n",
            b"Content-Length: +3\r\n",
            b"Content-Length: 3\r\nX-Folded: a\r\n b\r\n",
            b"Host: other\r\nContent-Length: 3\r\n",
            b"Content-Length: 3\r\nNo-Colon\r\n",
            b"Content-Length: 3\r\nX: a\x00b\r\n",
            b"Transfer-Encoding: chunked, identity\r\n",
        ],
        ids=[
            "both lengths",
            "two lengths",
            "a signed length",
            "a folded header",
            "two hosts",
            "no colon",
            "NUL",
            "an odd transfer coding",
        ],
    )
    async def test_what_two_servers_could_read_differently_is_refused_and_closed(
        self, scene: Scene, head: bytes
    ) -> None:
        start = b"POST /in/shop/shop-token HTTP/1.1\r\nHost: localhost\r\n"
        smuggled = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answer = await scene.raw(start + head + b"\r\n{}\n" + smuggled)
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
        assert b"aiohttp" not in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "bad-request"
        assert answer.count(b"HTTP/1.") == 1
        assert scene.stored == []

    async def test_a_header_of_a_megabyte_ends_the_connection(self, scene: Scene) -> None:
        start = b"POST /in/shop/shop-token HTTP/1.1\r\nHost: localhost\r\nX: "
        answer = await scene.raw(start + b"a" * 1_000_000 + b"\r\n\r\n")
        assert answer[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.0 431 ", b"")

    async def test_a_broken_chunk_is_refused_and_closed(self, scene: Scene) -> None:
        answer = await scene.raw(
            b"POST /in/shop/shop-token HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        )
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))

    async def test_answers_conceal_the_server_and_are_not_kept_by_caches(
        self, scene: Scene
    ) -> None:
        for answer in (await scene.push(GOOD), await scene.push(GOOD, key=OTHER_KEY)):
            assert "Server" not in answer.headers
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"

    async def test_an_error_of_ours_tells_nothing_of_the_inside(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = await scene.ask("GET", "/broken")
        assert_problem(answer, 500, "internal-error")
        assert b"inside" not in answer.body
        assert "words from the inside" in caplog.text

    async def test_no_log_line_holds_a_token_a_secret_or_a_body(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        await scene.push(comment(text="a private matter"))
        await scene.push(b"a private matter")
        await scene.push_event(EVENT, STRUCTURED)
        await scene.raw(b"POST /in/shop/shop-token HTTP/1.1\r\nHost: x\r\nprivate matter\r\n\r\n")
        said = caplog.text + repr(scene.notes) + repr(scene.gateway.__dict__)
        said += repr(scene.sources)
        for hidden in ("shop-token", BEARER, "MfKQ9r8GK", "private matter"):
            assert hidden not in said

    async def test_requests_in_flight_are_answered_when_it_stops(self) -> None:
        scene = Scene()
        await scene.start()
        scene.turnstile.open.clear()
        pushing = asyncio.create_task(scene.push(GOOD))
        await scene.turnstile.entered.wait()
        stopping = asyncio.create_task(scene.server.stop())
        scene.turnstile.open.set()
        answer = await pushing
        await stopping
        await scene.client.close()
        assert (answer.status, len(scene.stored)) == (202, 1)

    @pytest.mark.fault(2)
    async def test_a_push_whose_body_is_still_on_its_way_is_answered_when_it_stops(self) -> None:
        """The library throws away what arrives after the stop; the sender would be told 408."""
        scene = Scene()
        await scene.start()
        fields = scene.signed(GOOD) | {"Host": "localhost", "Content-Length": str(len(GOOD))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        answer, slow = await asyncio.open_connection("127.0.0.1", scene.server.port)
        slow.write(f"POST /in/shop/shop-token HTTP/1.1\r\n{head}\r\n".encode() + GOOD[:10])
        await slow.drain()
        idle, other = await asyncio.open_connection("127.0.0.1", scene.server.port)
        await scene.push(GOOD, message_id="m2")  # by then the head has been read

        stopping = asyncio.create_task(scene.server.stop())
        assert await idle.read() == b""  # it is stopping
        slow.write(GOOD[10:])
        assert (await answer.read()).startswith(b"HTTP/1.1 202 ")
        await stopping
        await scene.client.close()
        for end in (slow, other):
            end.close()


class TestObserved:
    async def test_each_push_is_noted_once_with_its_outcome(self, scene: Scene) -> None:
        await scene.push(GOOD)
        await scene.push({"type": "ping"}, message_id="m2")
        await scene.push(b"{", message_id="m3")
        await scene.push(GOOD, key=OTHER_KEY)
        assert [(s.outcome, s.reason, s.delivery_id) for s in scene.notes.seen] == [
            (Outcome.ACCEPTED, None, "m1"),
            (Outcome.IGNORED, None, "m2"),
            (Outcome.ACCEPTED, None, "m3"),
            (Outcome.REJECTED, Reason.WRONG_SIGNATURE, None),
        ]
        assert [(s.events, s.unreadable) for s in scene.notes.seen] == [
            (1, 0),
            (0, 0),
            (0, 1),
            (0, 0),
        ]


class TestReceipts:
    bearer = {"Authorization": "Bearer shop-token"}  # noqa: RUF012 - read only

    async def status_url(self, scene: Scene) -> str:
        answer = await scene.push(comment())
        return str(answer.json["events"][0]["status_url"])

    async def test_before_the_ledger_has_it_the_receipt_says_received(self, scene: Scene) -> None:
        answer = await scene.ask("GET", await self.status_url(scene), headers=self.bearer)
        assert (answer.status, answer.json["status"]) == (200, "received")

    async def test_an_id_that_was_never_acknowledged_is_not_called_received(
        self, scene: Scene
    ) -> None:
        digest = hashlib.sha256(b"made up").hexdigest()
        seal = (await self.status_url(scene)).partition("?")[2]
        answer = await scene.ask("GET", f"/status/shop/{digest}?{seal}", headers=self.bearer)
        assert_problem(answer, 404, "unknown-receipt")
        assert answer.headers["Retry-After"] == "1"

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            (ReceiptStatus(state=ReceiptState.QUEUED), {"status": "in the queue"}),
            (
                ReceiptStatus(state=ReceiptState.ANSWERED, link="https://x.example/#1"),
                {"status": "answered", "link": "https://x.example/#1"},
            ),
            (
                ReceiptStatus(state=ReceiptState.CLOSED, reason="empty"),
                {"status": "closed", "reason": "empty"},
            ),
            (
                ReceiptStatus(state=ReceiptState.OURS, answers="1"),
                {"status": "recognised as ours", "answers": "1"},
            ),
            (
                ReceiptStatus(state=ReceiptState.UNREADABLE, reason="type is missing"),
                {"status": "could not be read", "reason": "type is missing"},
            ),
        ],
    )
    async def test_the_receipt_says_how_far_it_has_come(
        self, scene: Scene, status: ReceiptStatus, said: dict[str, str]
    ) -> None:
        url = await self.status_url(scene)
        event_id = EventId(url.split("/")[3].partition("?")[0])
        scene.ledger.by_event["shop", event_id] = status
        scene.ledger.by_comment["shop", "c1"] = status
        by_event = await scene.ask("GET", url, headers=self.bearer)
        by_comment = await scene.ask(
            "GET", "/status/shop/by-comment?comment_id=c1", headers=self.bearer
        )
        assert by_event.json == by_comment.json == {"source": "shop"} | said

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer blog-token"},
            {"Authorization": "Basic shop-token"},
            {"Authorization": "Bearer"},
            {"Authorization": "Bearer ä"},
        ],
    )
    async def test_a_receipt_is_read_with_a_token_of_its_source_only(
        self, scene: Scene, headers: dict[str, str]
    ) -> None:
        scene.ledger.by_comment["shop", "c1"] = ReceiptStatus(state=ReceiptState.QUEUED)
        for path in (await self.status_url(scene), "/status/shop/by-comment?comment_id=c1"):
            answer = await scene.ask("GET", path, headers=headers)
            assert_problem(answer, 401, "token-required")

    async def test_a_source_reads_nothing_of_another(self, scene: Scene) -> None:
        scene.ledger.by_comment["blog", "c1"] = ReceiptStatus(state=ReceiptState.QUEUED)
        answer = await scene.ask(
            "GET", "/status/shop/by-comment?comment_id=c1", headers=self.bearer
        )
        assert_problem(answer, 404, "unknown-receipt")

    @pytest.mark.parametrize(
        "path",
        [
            "/status/shop/by-comment",
            "/status/shop/by-comment?comment_id=",
            "/status/shop/by-comment?comment_id=%00",
            "/status/shop/by-comment?comment_id=%FF",
            "/status/shop/by-comment?comment_id=" + "x" * 513,
            "/status/shop/short",
            "/status/shop/" + "0" * 64 + "?seal=%FF",
        ],
    )
    async def test_odd_questions_are_answered_with_not_known(self, scene: Scene, path: str) -> None:
        answer = await scene.ask("GET", path, headers=self.bearer)
        assert_problem(answer, 404, "unknown-receipt")

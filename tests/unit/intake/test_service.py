"""A push through intake, onto a log in memory."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from responder.adapters.log_sink import LogSink
from responder.engagement.deadletter import PUSH, Buried, read_buried
from responder.engagement.errors import Malformed, NotFound, Unavailable
from responder.engagement.events import (
    DEAD_LETTER_TOPIC,
    TOPICS,
    EngagementReceived,
    Event,
    read_event,
)
from responder.engagement.model import SourceId, Via
from responder.intake.ports import NotAuthentic, Push, Reason
from responder.intake.rate import Rate
from responder.intake.secrets import Rotating, Secret
from responder.intake.service import Intake, PushSource, read_again
from responder.platforms.cloudevents import BATCH, CloudEvents
from responder.platforms.signatures import sign_standard
from responder.platforms.standard_webhooks import StandardWebhooks
from responder.stream.log import Record
from responder.testing.clock import LoopClock
from responder.testing.log import MemoryServer

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BEARER = "a-token-of-more-than-24-characters"
COMMENT: dict[str, Any] = {
    "comment_id": "c1",
    "text": "How do I mend it?",
    "author": {"id": "a1", "name": "Ana"},
    "published_at": "2026-01-05T09:00:00Z",
}
SHOP = PushSource(
    id=SourceId("shop"),
    token=Rotating(Secret("shop-token")),
    platform=StandardWebhooks(Rotating(Secret(KEY))),
)
BLOG = PushSource(
    id=SourceId("blog"),
    token=Rotating(Secret("blog-token")),
    platform=CloudEvents(Rotating(Secret(BEARER)), allows_batches=True),
)


class Scene:
    """Intake, and the log behind it."""

    def __init__(self) -> None:
        self.clock = LoopClock()
        self.log = MemoryServer(self.clock)
        for topic in TOPICS:
            self.log.create(topic, 2)
        self.sources = {SHOP.id: SHOP, BLOG.id: BLOG}
        self.intake = Intake(
            sources=self.sources,
            sink=LogSink(self.log.writer(), clock=self.clock),
            clock=self.clock,
        )

    def records(self, topic: str) -> list[Record]:
        return [
            record for part in self.log.partitions([topic]) for record in self.log.records[part]
        ]

    def events(self) -> list[Event]:
        topic = EngagementReceived.topic
        return [read_event(record.headers, record.value) for record in self.records(topic)]

    def letters(self) -> list[Buried]:
        return [
            read_buried(record.headers, key=record.key, value=record.value)
            for record in self.records(DEAD_LETTER_TOPIC)
        ]

    def signed(self, body: object, *extra: tuple[str, str], message_id: str = "m1") -> Push:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = int(self.clock.now().timestamp())
        headers = (
            ("content-type", "application/json"),
            ("webhook-id", message_id),
            ("webhook-timestamp", str(stamp)),
            ("webhook-signature", sign_standard(KEY, message_id, stamp, raw)),
        )
        return Push(headers=(*headers, *extra), body=raw)


@pytest.fixture
async def scene() -> Scene:
    return Scene()


def received(**changes: Any) -> dict[str, Any]:
    return {"type": "engagement.received.v1", "data": COMMENT | changes}


def batch(*elements: object) -> Push:
    headers = (("content-type", BATCH), ("authorization", f"Bearer {BEARER}"))
    return Push(headers=headers, body=json.dumps(elements).encode())


def cloud_event(event_id: str, data: object) -> dict[str, Any]:
    attributes = {"specversion": "1.0", "id": event_id, "source": "/x"}
    return attributes | {"type": "engagement.received.v1", "data": data}


def data_of(event: Event) -> EngagementReceived:
    assert isinstance(event.data, EngagementReceived)
    return event.data


async def test_a_pushed_comment_is_on_the_log_when_it_is_acknowledged(scene: Scene) -> None:
    taken = await scene.intake.take(SHOP, scene.signed(received(thread_id="t1")))
    assert scene.events() == list(taken.events)
    assert [record.key for record in scene.records("engagement.received")] == [b"shop/t1"]


async def test_a_repeat_has_the_same_id(scene: Scene) -> None:
    first = await scene.intake.take(SHOP, scene.signed(received(), message_id="m1"))
    again = await scene.intake.take(SHOP, scene.signed(received(), message_id="m2"))
    assert first.events[0].id == again.events[0].id


async def test_what_the_sender_says_about_the_way_is_replaced(scene: Scene) -> None:
    lies = {"via": "poll", "observed_at": "2020-01-01T00:00:00Z", "truncated": True}
    push = scene.signed(received(**lies, delivery_id="theirs", body_sha256="0" * 64))
    before = scene.clock.now()
    await scene.intake.take(SHOP, push)
    data = data_of(scene.events()[0])
    assert (data.via, data.delivery_id, data.truncated) == (Via.WEBHOOK, "m1", False)
    assert data.body_sha256 == hashlib.sha256(push.body).hexdigest()
    assert data.observed_at is not None
    assert data.observed_at >= before


async def test_events_of_a_batch_keep_their_own_delivery_ids(scene: Scene) -> None:
    events = [cloud_event(f"e{n}", COMMENT | {"comment_id": f"c{n}"}) for n in range(3)]
    await scene.intake.take(BLOG, batch(*events))
    assert {data_of(event).delivery_id for event in scene.events()} == {"e0", "e1", "e2"}


async def test_a_trace_is_carried_through_and_a_false_one_is_not(scene: Scene) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    good = await scene.intake.take(SHOP, scene.signed(received(), ("traceparent", trace)))
    bad = await scene.intake.take(SHOP, scene.signed(received(), ("traceparent", "x\ny")))
    assert [taken.events[0].traceparent for taken in (good, bad)] == [trace, None]


async def test_a_forged_push_leaves_nothing(scene: Scene) -> None:
    push = scene.signed(received())
    with pytest.raises(NotAuthentic) as refused:
        await scene.intake.take(SHOP, replace(push, body=push.body + b"\n"))
    assert refused.value.refused.reason is Reason.WRONG_SIGNATURE
    assert str(refused.value) == "The push could not be proven to come from its source."
    assert scene.events() == []


async def test_a_good_signature_at_another_source_is_refused(scene: Scene) -> None:
    with pytest.raises(NotAuthentic):
        await scene.intake.take(BLOG, scene.signed(received()))


async def test_a_body_that_cannot_be_read_becomes_one_dead_letter_however_often_it_comes(
    scene: Scene,
) -> None:
    taken = [await scene.intake.take(SHOP, scene.signed(b"\xff{")) for _ in range(2)]
    letters = scene.letters()
    assert {letter.value for letter in letters} == {b"\xff{"}
    assert len({letter.id for letter in letters}) == 1
    assert letters[0].receipt == taken[0].letters[0].id == taken[1].letters[0].id
    assert (letters[0].stage, letters[0].source, letters[0].attempts) == (PUSH, "shop", 1)


async def test_a_dead_letter_holds_no_signature_and_no_token(scene: Scene) -> None:
    await scene.intake.take(SHOP, scene.signed(b"{"))
    await scene.intake.take(BLOG, batch("broken"))
    kept = {name for letter in scene.letters() for name, _ in letter.headers}
    assert kept == {"content-type", "webhook-id"}


async def test_one_broken_element_goes_to_the_dead_letter_alone(scene: Scene) -> None:
    good = cloud_event("e1", COMMENT)
    await scene.intake.take(BLOG, batch(good, cloud_event("e2", {"text": "no id"})))
    assert [data_of(event).comment_id for event in scene.events()] == ["c1"]
    assert [json.loads(letter.value)["id"] for letter in scene.letters()] == ["e2"]


async def test_a_check_stores_nothing_and_says_what_it_would_be(scene: Scene) -> None:
    taken = await scene.intake.take(SHOP, scene.signed(received()), is_check=True)
    assert [data_of(event).comment_id for event in taken.events] == ["c1"]
    assert scene.events() == []


async def test_a_ping_needs_no_log(scene: Scene) -> None:
    scene.log.down()
    taken = await scene.intake.take(SHOP, scene.signed({"type": "ping"}))
    assert len(taken.ignored) == 1


async def test_a_log_that_is_away_is_told_to_the_sender(scene: Scene) -> None:
    scene.log.down()
    with pytest.raises(Unavailable):
        await scene.intake.take(SHOP, scene.signed(received()))


async def test_a_long_text_is_cut_before_its_id_is_made(scene: Scene) -> None:
    """Else the reader of the log, who derives the id again, would find another one."""
    taken = await scene.intake.take(SHOP, scene.signed(received(text="ü" * 300_000)))
    assert scene.events()[0].id == taken.events[0].id
    assert data_of(scene.events()[0]).truncated


class TestReadingAgain:
    async def again(self, scene: Scene, letter: Buried) -> Sequence[Event]:
        headers = [(name, value.decode()) for name, value in letter.headers]
        now = scene.clock.now()
        return read_again(scene.sources, str(letter.source), headers, letter.value, now=now)

    async def test_what_is_still_unreadable_says_why(self, scene: Scene) -> None:
        await scene.intake.take(SHOP, scene.signed(b"{"))
        with pytest.raises(Malformed, match="not JSON"):
            await self.again(scene, scene.letters()[0])

    async def test_what_can_be_read_by_now_has_the_id_it_always_would_have_had(
        self, scene: Scene
    ) -> None:
        """A mended body stands for a later version that reads more than this one."""
        good = await scene.intake.take(SHOP, scene.signed(received()), is_check=True)
        await scene.intake.take(SHOP, scene.signed(b"{"))
        mended = replace(scene.letters()[0], value=json.dumps(received()).encode())
        (event,) = await self.again(scene, mended)
        assert event.id == good.events[0].id
        assert data_of(event).delivery_id == "m1"

    async def test_an_element_of_a_batch_is_read_by_itself(self, scene: Scene) -> None:
        await scene.intake.take(BLOG, batch("broken"))
        element = json.dumps(cloud_event("e1", COMMENT)).encode()
        (event,) = await self.again(scene, replace(scene.letters()[0], value=element))
        assert data_of(event).comment_id == "c1"

    async def test_a_source_that_is_gone_is_named(self, scene: Scene) -> None:
        with pytest.raises(NotFound):
            read_again(scene.sources, "gone", [], b"{}", now=scene.clock.now())


class TestAddress:
    async def test_name_and_token_find_the_source(self, scene: Scene) -> None:
        assert scene.intake.find("shop", "shop-token") is SHOP

    @pytest.mark.parametrize(
        ("name", "token"),
        [
            ("shop", "blog-token"),
            ("shop", ""),
            ("gone", "shop-token"),
            ("gone", "compared with when there is no such source"),
            ("shop", "\udcff"),
        ],
    )
    async def test_nothing_else_does(self, scene: Scene, name: str, token: str) -> None:
        assert scene.intake.find(name, token) is None

    async def test_an_older_token_works_until_it_ends(self, scene: Scene) -> None:
        ends_at = scene.clock.now() + timedelta(hours=1)
        tokens = Rotating(Secret("newer"), Secret("shop-token"), ends_at)
        scene.sources[SHOP.id] = replace(SHOP, token=tokens)
        assert scene.intake.find("shop", "shop-token") is not None
        scene.clock.set_wall(ends_at)
        assert scene.intake.find("shop", "shop-token") is None


async def test_each_source_is_rationed_by_itself(scene: Scene) -> None:
    intake = Intake(
        sources=scene.sources,
        sink=LogSink(scene.log.writer(), clock=scene.clock),
        clock=scene.clock,
        rate=Rate(per_second=0.001, burst=1),
    )
    assert intake.wait_for(SHOP) == 0
    assert intake.wait_for(SHOP) > 0
    assert intake.wait_for(BLOG) == 0

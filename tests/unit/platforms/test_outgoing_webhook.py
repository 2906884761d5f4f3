"""What a receiver's answers mean, and what we sign: a foreign library verifies it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from standardwebhooks.webhooks import Webhook

from responder.adapters.system import SystemClock
from responder.delivery.ports import AttemptOutcome, Posted
from responder.engagement.http import Answer, Request, Result
from responder.platforms.outgoing_webhook import OutgoingWebhook
from responder.testing.contracts.reply_platform import an_attempt

OLD = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
POSTING = an_attempt("Yes, it does.", key="reply_1", comment_id="c-1", thread_id="t-1")


@dataclass
class _Receiver:
    """Answers as told, and keeps what it was sent."""

    answer: Result
    requests: list[Request]

    async def send(self, request: Request) -> Result:
        self.requests.append(request)
        return self.answer


@pytest.fixture
def receiver() -> _Receiver:
    return _Receiver(Answer(status=204, headers={}, body=b""), [])


def webhook(receiver: _Receiver, *secrets: str) -> OutgoingWebhook:
    return OutgoingWebhook(
        http=receiver,
        clock=SystemClock(),
        url="https://forum.example/replies",
        secrets=secrets or [NEW],
    )


async def reply(
    receiver: _Receiver, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Posted:
    receiver.answer = Answer(status=status, headers=headers or {}, body=body)
    return await webhook(receiver).reply(POSTING)


@pytest.mark.parametrize("secret", [OLD, NEW])
async def test_after_a_rotation_either_secret_verifies(receiver: _Receiver, secret: str) -> None:
    await webhook(receiver, NEW, OLD).reply(POSTING)
    [request] = receiver.requests
    event = Webhook(secret).verify(request.body, dict(request.headers))
    assert event["type"] == "reply.approved"
    assert event["data"]["text"] == "Yes, it does."
    assert event["data"]["comment_id"] == "c-1"


async def test_every_attempt_carries_the_same_id(receiver: _Receiver) -> None:
    for _ in range(2):
        await webhook(receiver).reply(POSTING)
    assert [each.headers["webhook-id"] for each in receiver.requests] == ["reply_1", "reply_1"]


async def test_an_id_in_the_answer_is_a_reply_that_stands(receiver: _Receiver) -> None:
    posted = await reply(receiver, 201, b'{"id": "r-9", "url": "https://forum.example/9"}')
    assert posted == Posted(
        outcome=AttemptOutcome.SENT, external_id="r-9", url="https://forum.example/9"
    )


async def test_a_number_is_an_id_too(receiver: _Receiver) -> None:
    assert (await reply(receiver, 200, b'{"id": 17}')).external_id == "17"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ok",
        b"{}",
        b"[]",
        b"null",
        b'{"id": null}',
        b'{"id": ""}',
        b'{"id": true}',
        b'{"id": {"a": 1}}',
        b'{"id": "a\\nb"}',
        b'{"id": "' + b"x" * 513 + b'"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_a_success_without_a_usable_id_is_only_taken(
    receiver: _Receiver, body: bytes
) -> None:
    posted = await reply(receiver, 200, body)
    assert (posted.outcome, posted.external_id) == (AttemptOutcome.HANDED_OVER, None)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//x", "https://a\\nb", "", 5, None])
async def test_an_address_that_is_none_is_left_out(receiver: _Receiver, url: object) -> None:
    value = f'"{url}"' if isinstance(url, str) else "5"
    posted = await reply(receiver, 200, f'{{"id": "r-9", "url": {value}}}'.encode())
    assert (posted.outcome, posted.url) == (AttemptOutcome.SENT, None)


async def test_a_busy_receiver_is_waited_for_as_long_as_it_says(receiver: _Receiver) -> None:
    posted = await reply(receiver, 429, headers={"retry-after": "7"})
    assert (posted.outcome, posted.after_seconds) == (AttemptOutcome.THROTTLED, 7)


@pytest.mark.parametrize(
    ("status", "headers"), [(410, {}), (400, {"webhook-delivery": "abort-message"})]
)
async def test_a_receiver_that_asks_us_to_stop_is_heard(
    receiver: _Receiver, status: int, headers: dict[str, str]
) -> None:
    posted = await reply(receiver, status, headers=headers)
    assert (posted.outcome, posted.pause_source) == (AttemptOutcome.REFUSED, False)


async def test_a_receiver_that_does_not_know_us_pauses_its_source(receiver: _Receiver) -> None:
    posted = await reply(receiver, 401, b'{"message": "who are you?"}')
    assert (posted.outcome, posted.pause_source) == (AttemptOutcome.REFUSED, True)
    assert "who are you?" in posted.detail

"""What a webhook of ours is told, as a foreign library reads it."""

from datetime import UTC, datetime
from uuid import UUID

from standardwebhooks.webhooks import Webhook

from responder.adapters.system import SystemClock
from responder.engagement.http import Answer, Lost, NotSent, Request, Result
from responder.platforms.webhook_messages import WebhookMessages
from responder.sla.ports import Heard, Message, StepTaken

OLD = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = Message(
    id="a" * 64,
    webhook="duty",
    data=StepTaken(
        engagement_id=UUID(int=7),
        source="forum",
        comment_id="c-1",
        step="pager",
        due_at=datetime(2026, 3, 4, 13, tzinfo=UTC),
        received_at=datetime(2026, 3, 4, 12, tzinfo=UTC),
        queue="leads",
        person=None,
        permalink=None,
    ),
    made_at=datetime(2026, 3, 4, 13, 0, 1, tzinfo=UTC),
    tries=1,
)


class _Receiver:
    """Answers as told, and keeps what it was sent."""

    def __init__(self, answer: Result) -> None:
        self.answer = answer
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Result:
        self.requests.append(request)
        return self.answer


def webhook(receiver: _Receiver, console_url: str | None = None) -> WebhookMessages:
    return WebhookMessages(
        http=receiver,
        clock=SystemClock(),
        url="https://pager.example/hook",
        secrets=[NEW, OLD],
        console_url=console_url,
    )


async def heard(answer: Result) -> Heard:
    return await webhook(_Receiver(answer)).tell(MESSAGE)


async def test_either_live_secret_verifies_it() -> None:
    receiver = _Receiver(Answer(status=204, headers={}, body=b""))
    assert await webhook(receiver).tell(MESSAGE) == Heard(is_told=True)
    [request] = receiver.requests
    for secret in (OLD, NEW):
        event = Webhook(secret).verify(request.body, dict(request.headers))
        assert event["timestamp"] == "2026-03-04T13:00:01Z"
        assert (event["data"]["step"], event["data"]["url"]) == ("pager", None)


async def test_it_says_where_to_look_if_that_is_known() -> None:
    receiver = _Receiver(Answer(status=200, headers={}, body=b"ok"))
    await webhook(receiver, "https://console.example").tell(MESSAGE)
    page = f"https://console.example/engagements/{UUID(int=7)}"
    assert page in receiver.requests[0].body.decode()


async def test_whatever_is_no_yes_is_tried_again() -> None:
    refused = Answer(status=302, headers={"location": "https://elsewhere.example"}, body=b"")
    for answer in (refused, NotSent(why="no such host"), Lost(why="reset")):
        told = await heard(answer)
        assert (told.is_told, told.is_over) == (False, False)
        assert told.why


async def test_a_secret_that_the_receiver_repeats_is_not_kept() -> None:
    told = await heard(Answer(status=400, headers={}, body=f"bad key {NEW}".encode()))
    assert NEW not in told.why

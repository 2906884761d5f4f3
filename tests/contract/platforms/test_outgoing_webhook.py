from collections.abc import AsyncIterator

import pytest

from responder.adapters.system import SystemClock
from responder.delivery.ports import AttemptOutcome, Posting, ReplyPlatform
from responder.platforms.outgoing_webhook import OutgoingWebhook
from responder.testing.contracts.reply_platform import ReplyPlatformContract, an_attempt
from responder.testing.faulty_proxy import FaultyProxy
from responder.testing.loopback import loopback_http
from responder.testing.webhook_receiver import Manner, WebhookReceiver

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class _Receiver:
    def __init__(
        self, platform: ReplyPlatform, proxy: FaultyProxy, receiver: WebhookReceiver
    ) -> None:
        self.platform = platform
        self.proxy = proxy
        self.secrets = (SECRET, SECRET.removeprefix("whsec_"))
        self._receiver = receiver

    async def posting(self, text: str, *, key: str = "key-1") -> Posting:
        return an_attempt(text, key=key, comment_id="c-1", thread_id="t-1")

    async def standing(self) -> list[str]:
        return list(self._receiver.replies.values())

    async def remove_comment(self) -> None:
        raise NotImplementedError("a receiver shows nothing")

    async def go_away(self) -> None:
        await self.proxy.__aexit__(None, None, None)


class TestOutgoingWebhook(ReplyPlatformContract):
    @pytest.fixture
    async def place(self) -> AsyncIterator[_Receiver]:
        async with (
            WebhookReceiver(SECRET) as receiver,
            FaultyProxy(receiver.url) as proxy,
        ):
            http = loopback_http(proxy.url)
            platform = OutgoingWebhook(
                http=http, clock=SystemClock(), url=proxy.url + "/hook", secrets=[SECRET]
            )
            yield _Receiver(platform, proxy, receiver)


@pytest.fixture
async def connected() -> AsyncIterator[tuple[OutgoingWebhook, WebhookReceiver]]:
    async with WebhookReceiver(SECRET) as receiver:
        http = loopback_http(receiver.url)
        yield (
            OutgoingWebhook(
                http=http, clock=SystemClock(), url=receiver.url + "/hook", secrets=[SECRET]
            ),
            receiver,
        )


ATTEMPT = an_attempt("Yes.", key="reply_1", comment_id="c-1", thread_id="t-1")


@pytest.mark.parametrize(
    ("manner", "outcome", "standing"),
    [
        (Manner.WITH_ID, AttemptOutcome.SENT, 1),
        (Manner.WITHOUT_ID, AttemptOutcome.HANDED_OVER, 1),
        (Manner.FORGETFUL, AttemptOutcome.SENT, 2),
        (Manner.BUSY, AttemptOutcome.THROTTLED, 0),
        (Manner.GONE, AttemptOutcome.REFUSED, 0),
        (Manner.ABORT, AttemptOutcome.REFUSED, 0),
    ],
)
async def test_each_receiver_is_understood_and_a_repeat_is_its_own_business(
    connected: tuple[OutgoingWebhook, WebhookReceiver],
    manner: Manner,
    outcome: AttemptOutcome,
    standing: int,
) -> None:
    platform, receiver = connected
    receiver.manner = manner
    posted = [await platform.reply(ATTEMPT) for _ in range(2)]
    assert [each.outcome for each in posted] == [outcome, outcome]
    assert len(receiver.replies) == standing
    assert {each.webhook_id for each in receiver.received} <= {"reply_1"}


async def test_a_receiver_with_another_secret_takes_nothing(
    connected: tuple[OutgoingWebhook, WebhookReceiver],
) -> None:
    _, receiver = connected
    http = loopback_http(receiver.url)
    stranger = OutgoingWebhook(
        http=http,
        clock=SystemClock(),
        url=receiver.url,
        secrets=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
    )
    posted = await stranger.reply(ATTEMPT)
    assert (posted.outcome, posted.pause_source) == (AttemptOutcome.REFUSED, True)
    assert receiver.replies == {}

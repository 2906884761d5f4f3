from collections.abc import AsyncIterator

import pytest

from responder.adapters.system import SystemClock
from responder.delivery.ports import Posting, ReplyPlatform
from responder.platforms.outgoing_webhook import OutgoingWebhook
from responder.testing.contracts.reply_platform import ReplyPlatformContract, an_attempt
from responder.testing.faulty_proxy import FaultyProxy
from responder.testing.loopback import loopback_http
from responder.testing.webhook_receiver import WebhookReceiver

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
            loopback_http(proxy.url) as http,
        ):
            platform = OutgoingWebhook(
                http=http, clock=SystemClock(), url=proxy.url + "/hook", secrets=[SECRET]
            )
            yield _Receiver(platform, proxy, receiver)

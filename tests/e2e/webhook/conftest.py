"""A forum that takes replies by webhook, a shop that has no way in, and one Responder for both."""

from collections.abc import AsyncIterator

import pytest_asyncio

from responder.testing.caller import Caller, calling
from responder.testing.running import Running, installation
from responder.testing.webhook_receiver import WebhookReceiver

SECRET = "whsec_bm9ib2R5IGd1ZXNzZXMgdGhlc2UgMzIgYnl0ZXM="  # noqa: S105 - of this test


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with WebhookReceiver(SECRET) as receiver:
        yield receiver


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def responder(receiver: WebhookReceiver) -> AsyncIterator[Running]:
    configuration = f"""
[sources.forum]
platform = "webhook"
outgoing_url = "{receiver.url}"
own_author_ids = ["us"]
allowed_networks = ["127.0.0.0/8"]

[sources.shop]
platform = "webhook"
"""
    with installation(
        configuration, {"RESPONDER_SOURCE__FORUM__OUTGOING_SECRET": SECRET}
    ) as running:
        await running.start()
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def caller(responder: Running) -> AsyncIterator[Caller]:
    async with calling(responder) as caller:
        yield caller

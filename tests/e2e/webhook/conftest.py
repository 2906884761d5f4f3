"""A forum that takes replies by webhook, a shop that has no way in, a pager, one Responder for all."""

from collections.abc import AsyncIterator

import pytest_asyncio

from responder.testing.caller import Caller, calling
from responder.testing.running import Running, installation
from responder.testing.webhook_receiver import ToldReceiver, WebhookReceiver

SECRET = "whsec_bm9ib2R5IGd1ZXNzZXMgdGhlc2UgMzIgYnl0ZXM="  # noqa: S105 - of this test


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with WebhookReceiver(SECRET) as receiver:
        yield receiver


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pager() -> AsyncIterator[ToldReceiver]:
    async with ToldReceiver(SECRET) as pager:
        yield pager


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def responder(receiver: WebhookReceiver, pager: ToldReceiver) -> AsyncIterator[Running]:
    configuration = f"""
[sources.forum]
platform = "webhook"
outgoing_url = "{receiver.url}"
own_author_ids = ["us"]
allowed_networks = ["127.0.0.0/8"]

[sources.shop]
platform = "webhook"

[sources.hotline]
platform = "webhook"
queue = "urgent"

[queues.urgent]
sla = "at-once"

[sla.at-once]
target = "1m"

[[sla.at-once.steps]]
name = "ring"
before = "1m"
person = "admin"
webhook = "pager"

[webhooks.pager]
url = "{pager.url}"
allowed_networks = ["127.0.0.0/8"]
"""
    secrets = {
        "RESPONDER_SOURCE__FORUM__OUTGOING_SECRET": SECRET,
        "RESPONDER_WEBHOOK__PAGER__SECRET": SECRET,
    }
    with installation(configuration, secrets) as running:
        await running.start()
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def caller(responder: Running) -> AsyncIterator[Caller]:
    async with calling(responder) as caller:
        yield caller

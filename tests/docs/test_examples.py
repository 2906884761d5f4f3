"""What the pages show is what the code takes and sends."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from responder.adapters.system import SystemClock
from responder.app.configuration import parse
from responder.delivery.ports import Posting
from responder.engagement.events import TOPICS, EngagementReceived, read_data
from responder.engagement.http import Answer, Request, Result
from responder.engagement.model import ReplyId
from responder.intake.ports import Push
from responder.intake.reading import INBOUND
from responder.intake.secrets import Rotating, Secret
from responder.platforms.outgoing_webhook import TYPE, OutgoingWebhook, ReplyWebhook
from responder.platforms.standard_webhooks import SHORT, StandardWebhooks

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "reference" not in page.parts and "decisions" not in page.parts
]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of no source
BLOCK = re.compile(r"```(\w+)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"(?<![\w./-])(?:comment|engagement|reply)\.[a-z]+(?:\.v\d+)?(?![\w(]|\.\w)")
IN_LINE = re.compile(r'^(\{"comment_id".*\})$', re.MULTILINE)


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{page.stem} {number}")
        for page in PAGES
        for number, (found, block) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
        if found == language
    ]


def pushed(event: dict[str, Any]) -> None:
    """Raises unless a source would take it."""
    body = json.dumps(event).encode()
    parsed = StandardWebhooks(Rotating(Secret(SECRET))).parse(Push(headers=(), body=body))
    assert [each.why for each in parsed.broken] == []
    assert len(parsed.found) == 1


async def sent(event: dict[str, Any]) -> dict[str, Any]:
    """What really leaves for the reply that an example shows."""
    data = event["data"]
    received: list[bytes] = []

    class Receiver:
        async def send(self, request: Request) -> Result:
            received.append(request.body)
            return Answer(status=204, headers={}, body=b"")

    webhook = OutgoingWebhook(
        http=Receiver(), clock=SystemClock(), url="https://forum.example", secrets=[SECRET]
    )
    shown = ReplyWebhook.model_validate(event).data
    posting = Posting(
        **{**data, "reply_id": ReplyId(shown.reply_id)},
        attempt=1,
        idempotency_key="r",
        send_before=float("inf"),
    )
    await webhook.reply(posting)
    said: dict[str, Any] = json.loads(received[0])
    return said


@pytest.mark.parametrize("block", blocks("json"))
async def test_an_event_that_a_page_shows_is_one_that_is_taken_or_sent(block: str) -> None:
    event = json.loads(block)
    if event["type"] == TYPE:
        really = await sent(event)
        assert datetime.fromisoformat(event["timestamp"]).tzinfo is UTC
        assert {**really, "timestamp": event["timestamp"]} == event
    else:
        pushed(event)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_event_type_that_a_page_names_is_one_that_travels(page: Path) -> None:
    """What we alone put on the log is named by its topic; by its type only in the reference."""
    known = {*TOPICS, *INBOUND, *SHORT, TYPE}
    assert set(NAMED.findall(page.read_text(encoding="utf-8"))) - known == set()


def test_every_comment_that_a_page_pipes_into_a_producer_is_one() -> None:
    lines = [line for page in PAGES for line in IN_LINE.findall(page.read_text(encoding="utf-8"))]
    for line in lines:
        read_data(EngagementReceived, line.encode())
    assert lines


@pytest.mark.parametrize("block", blocks("toml"))
def test_a_configuration_that_a_page_shows_is_read(block: str) -> None:
    text = "\n".join(line.strip() for line in block.splitlines())
    if not text.startswith("["):
        text = f'[sources.forum]\nplatform = "webhook"\n{text}'
    parse(text, Path("responder.toml"))

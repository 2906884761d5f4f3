"""CloudEvents over HTTP, in both of its modes."""

import json

from responder.testing.caller import Caller, now


def comment(comment_id: str, text: str) -> dict[str, object]:
    author = {"id": "hal", "name": "Hal"}
    return {"comment_id": comment_id, "text": text, "author": author, "published_at": now()}


async def test_a_structured_event_arrives(caller: Caller) -> None:
    text = "Is there a print edition of the newsletter?"
    event = {
        "specversion": "1.0",
        "id": "event-1",
        "source": "/newsroom",
        "type": "engagement.received.v1",
        "datacontenttype": "application/json",
        "data": comment("structured-1", text),
    }
    content_type = {"content-type": "application/cloudevents+json"}
    pushed = await caller.push_body("news", json.dumps(event), headers=content_type)
    assert pushed.status == 202
    arrived = await caller.arrived(text)
    assert (arrived.source, arrived.author_name) == ("news", "Hal")


async def test_a_binary_event_arrives(caller: Caller) -> None:
    text = "May I quote the newsletter in my own?"
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": "event-2",
        "ce-source": "/newsroom",
        "ce-type": "engagement.received.v1",
    }
    body = json.dumps(comment("binary-1", text))
    pushed = await caller.push_body("news", body, headers=attributes)
    assert pushed.status == 202
    arrived = await caller.arrived(text)
    assert (arrived.source, arrived.comment.comment_id) == ("news", "binary-1")


async def test_the_same_event_again_is_the_same_comment(caller: Caller) -> None:
    text = "How often does the newsletter come?"
    event = {
        "specversion": "1.0",
        "id": "event-3",
        "source": "/newsroom",
        "type": "engagement.received.v1",
        "data": comment("again-1", text),
    }
    content_type = {"content-type": "application/cloudevents+json"}
    receipts = [
        (await caller.push_body("news", json.dumps(event), headers=content_type)).json()
        for _ in range(3)
    ]
    assert len({receipt["events"][0]["id"] for receipt in receipts}) == 1
    await caller.arrived(text)  # fails to unpack if there are two

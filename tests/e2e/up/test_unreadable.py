"""What is signed and cannot be read: taken, shown whole, counted as open, ended by a person."""

import json
import re
from typing import Any

from responder.testing.caller import Caller, calling, now
from responder.testing.running import Running, eventually

BROKEN = json.dumps(
    {
        "type": "engagement.received.v1",
        "timestamp": "2026-11-22T08:00:00Z",
        "data": {"comment_id": "broken-1", "text": "Who can read me?", "author": {"name": "Gil"}},
    }
)


async def test_a_check_stores_nothing_and_says_what_would_be_read(caller: Caller) -> None:
    checked = await caller.push("checked-1", "Would you take this?", query="?check=1")
    assert checked.status == 200
    assert checked.json()["status"] == "checked"
    assert checked.json()["events"][0]["comment_id"] == "checked-1"
    assert "status_url" not in checked.json()["events"][0]

    broken = await caller.push_body("guestbook", BROKEN, query="?check=1")
    assert broken.status == 200
    assert "published_at" in broken.json()["unreadable"][0]["why"] or broken.json()["unreadable"]

    await caller.push("checked-2", "Did the one before me arrive?")
    await caller.arrived("Did the one before me arrive?")
    known = [row.excerpt for row in (await caller.queue()).items]
    assert "Would you take this?" not in known
    url = caller.ready.console_url + "/status/guestbook/by-comment?comment_id=checked-1"
    assert (await caller.status(url)).status == 404


async def test_a_push_that_cannot_be_read_is_kept_until_a_person_ends_it(
    caller: Caller, responder: Running
) -> None:
    before = (await caller.queue()).balance
    pushed = await caller.push_body("forum", BROKEN)
    assert pushed.status == 202
    (letter,) = pushed.json()["unreadable"]

    async def listed() -> list[str]:
        said = (await responder.command("deadletter", "list")).said
        return re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", said)

    (letter_id,) = await eventually(listed)
    shown = (await responder.command("deadletter", "show", letter_id)).said
    assert "Who can read me?" in shown
    assert "forum" in shown
    counted = (await caller.queue()).balance
    assert (counted.unreadable, counted.open) == (before.unreadable + 1, before.open + 1)
    assert counted.unaccounted == 0
    status = await caller.status(letter["status_url"], source="forum")
    assert status.json()["status"] == "could not be read"
    assert status.json()["reason"]

    async with calling(responder) as person:
        link = (await responder.command("user", "link", "Admin")).said
        await person.ask("POST", re.findall(r"http\S+/sign-in/\S+", link)[0])
        page = await person.ask("GET", f"{responder.ready.console_url}/deadletters/{letter_id}")
    assert "Who can read me?" in page.body

    retried = await responder.command("deadletter", "retry", letter_id)
    assert retried.code != 0
    assert await listed() == [letter_id]

    dropped = await responder.command("deadletter", "drop", letter_id, "--note", "a test of ours")
    assert dropped.code == 0
    assert await listed() == []
    ended = (await caller.queue()).balance
    assert (ended.unreadable, ended.open) == (before.unreadable, before.open)
    assert ended.dismissed == before.dismissed + 1
    assert ended.unaccounted == 0


async def test_a_refused_push_gets_its_true_cause_on_the_page_of_its_source(
    caller: Caller, responder: Running
) -> None:
    body = json.dumps({"type": "engagement.received.v1", "timestamp": now(), "data": {}})
    headers = caller.signed("guestbook", body)  # the forum has another secret
    refused = await caller.ask("POST", caller.address("forum"), data=body, headers=headers)
    assert refused.status == 401
    assert refused.headers["Content-Type"].startswith("application/problem+json")
    problem: dict[str, Any] = refused.json()
    assert problem["code"]

    async with calling(responder) as person:
        link = (await responder.command("user", "link", "Admin")).said
        await person.ask("POST", re.findall(r"http\S+/sign-in/\S+", link)[0])

        async def told() -> bool:
            page = await person.ask("GET", responder.ready.console_url + "/sources")
            return "signature" in page.body.lower() and "forum" in page.body

        await eventually(told)

"""What is signed and cannot be read: taken, shown whole, counted as open, ended by a person."""

import json
import re
from typing import Any

import pytest

from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.recording import append_events
from responder.app.database import folder_engine
from responder.testing.caller import Caller, calling, now
from responder.testing.factories import comment, event
from responder.testing.running import Running, eventually
from tests.e2e.up.conftest import CONFIGURATION

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


@pytest.mark.fault(5)
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


async def test_a_record_that_is_handed_back_from_the_terminal_is_read_after_all(
    responder: Running,
) -> None:
    lost = event(comment("circle-1", "Where does the circle meet?"), source="circle")
    async with folder_engine(responder.data) as engine, transaction(engine) as connection:
        await append_events(connection, [lost])

    async def listed() -> list[list[str]]:
        said = (await responder.command("deadletter", "list")).said
        return [line.split("\t") for line in said.splitlines() if "circle" in line]

    ((letter_id, status, source, *_, why),) = await eventually(listed)
    assert (status, source) == ("open", "circle")
    assert "no source circle" in why
    assert "circle-1" in (await responder.command("deadletter", "show", letter_id[:8])).said

    responder.configure(CONFIGURATION + '[sources.circle]\nplatform = "webhook"\n')
    responder.reload()
    await responder.says("circle added")
    retried = await responder.command("deadletter", "retry", letter_id[:8])
    assert retried.code == 0, retried.said
    async with calling(responder) as caller:
        assert (await caller.arrived("Where does the circle meet?")).source == "circle"
    await eventually(listed, lambda rows: rows == [])
    settled = await responder.command("deadletter", "list", "--status", "settled")
    assert letter_id in settled.said


async def test_a_stage_is_allowed_more_failures_from_the_terminal(responder: Running) -> None:
    allowed = await responder.command("deadletter", "allow", "--group", "triage", "--records", "7")
    assert allowed.code == 0, allowed.said
    await responder.says("allowances.granted")
    unknown = await responder.command("deadletter", "allow", "--group", "triag")
    assert unknown.code == 2


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

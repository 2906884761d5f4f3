"""A first start, as the person at the terminal and the script with the ready-file meet it."""

import asyncio
import json
import stat
import subprocess

from responder.cli import curl
from responder.testing.caller import Caller, calling
from responder.testing.running import Running, eventually

QUESTION = "How do you decide which comments to answer first?"


async def test_a_script_finds_all_addresses_in_a_private_file(
    responder: Running, caller: Caller
) -> None:
    said = json.loads(responder.ready_file.read_text())
    assert stat.S_IMODE(responder.ready_file.stat().st_mode) == 0o600
    assert set(said) == {
        "pid",
        "console_url",
        "sign_in_url",
        "guestbook_url",
        "webhook_url",
        "webhook_secret",
        "api_url",
        "api_token",
        "metrics_url",
    }
    assert said["pid"] == responder.pid
    assert said["webhook_url"] == caller.address("guestbook")
    assert said["webhook_secret"] == responder.keys("guestbook").webhook_secret
    await responder.says("Responder is running")
    assert said["api_token"] not in responder.said
    assert said["sign_in_url"] not in responder.said


async def test_the_link_signs_in_once_and_looking_at_it_does_not_spend_it(
    responder: Running,
) -> None:
    link = responder.ready.sign_in_url
    async with calling(responder) as preview:
        looks = [await preview.ask("GET", link) for _ in range(3)]
    assert [look.status for look in looks] == [200, 200, 200]
    async with calling(responder) as person, calling(responder) as thief:
        inside = await person.ask("POST", link)
        assert inside.status == 200
        assert (await person.ask("GET", responder.ready.console_url + "/queue")).status == 200
        assert (await thief.ask("POST", link)).status == 410


async def test_the_line_of_the_banner_works_when_it_is_pasted(
    responder: Running, caller: Caller
) -> None:
    line = curl.line(
        url=caller.address("guestbook"),
        secret_file=responder.data / "secrets" / "guestbook.webhook-secret",
    )
    pasted = await asyncio.create_subprocess_exec(
        "sh", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await pasted.communicate(line.encode())
    assert err == b""
    (receipt,) = json.loads(out)["events"]

    arrived = await caller.arrived(QUESTION)
    assert arrived.author_name == "Ada"
    assert receipt["comment_id"] == arrived.comment.comment_id

    async def stands_on_the_page() -> bool:
        return QUESTION in (await caller.visit()).comments

    await eventually(stands_on_the_page)


async def test_a_receipt_tells_its_sender_alone_what_became_of_a_push(
    caller: Caller, responder: Running
) -> None:
    text = "Which of the two plans has the calendar?"
    pushed = await caller.push("receipt-1", text)
    assert pushed.status == 202
    url = pushed.json()["events"][0]["status_url"]
    assert (await caller.status(url)).json()["status"] in {"received", "in the queue"}

    arrived = await caller.arrived(text)
    assert (await caller.status(url)).json()["status"] == "in the queue"
    assert (await caller.status(url, source="forum")).status == 401
    assert (await caller.ask("GET", url)).status == 401

    await caller.approve(arrived, "Both of them have it.")
    await caller.becomes(arrived, "answered")
    by_comment = f"{responder.ready.console_url}/status/guestbook/by-comment?comment_id=receipt-1"
    for answered in (await caller.status(url), await caller.status(by_comment)):
        assert answered.json()["status"] == "answered"
        page = await caller.visit(answered.json()["link"])
        assert page.comments == [text, "Both of them have it."]

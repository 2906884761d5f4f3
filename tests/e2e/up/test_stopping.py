"""Stopping it, killing it, starting it twice: nothing is lost, nothing is answered twice."""

import asyncio
import os
import signal
import stat
from contextlib import suppress

import aiohttp
import pytest

from responder.testing.caller import PATIENCE_SECONDS, Caller, calling
from responder.testing.running import START_SECONDS, Running, eventually


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_stops_when_asked_says_what_is_held_and_leaves_no_process(
    fresh: Running, number: signal.Signals
) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        await caller.push("held-1", "Is the museum open on Mondays?")
        arrived = await caller.arrived("Is the museum open on Mondays?")
        await caller.approve(arrived, "It is, from ten.", undo_seconds=2)
    group = fresh.pid
    assert await fresh.stop(number) == 0
    assert "1 reply is still in its undo time" in fresh.said
    assert "Traceback" not in fresh.said
    assert fresh.database_pids() == ()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)

    await fresh.start()
    assert "Nothing is missing." in fresh.said
    async with calling(fresh) as caller:
        answered = await caller.becomes(arrived, "answered")
        page = await caller.visit(answered.reply_url or "")
        assert page.comments == ["Is the museum open on Mondays?", "It is, from ten."]


async def test_a_second_one_on_the_same_folder_is_refused_with_the_holder(
    responder: Running,
) -> None:
    refused = await responder.command("up", "--port", "0")
    assert refused.code != 0
    assert f"process {responder.pid}" in refused.said
    assert "Traceback" not in refused.said
    async with calling(responder) as caller:
        assert (await caller.queue()).balance.unaccounted == 0


async def test_a_kill_in_the_first_seconds_leaves_a_folder_that_starts(fresh: Running) -> None:
    for pause in (0.2, 0.7, 1.2, 1.7, 2.3, 3.0):
        fresh.launch()
        await asyncio.sleep(pause)  # not waiting for anything: these are the moments of the kill
        fresh.kill(with_database=pause > 1.5)
    ready = await fresh.start()
    assert stat.S_IMODE(fresh.ready_file.stat().st_mode) == 0o600
    assert ready.pid == fresh.pid
    async with calling(fresh) as caller:
        assert (await caller.push("first-1", "Does it start after all?")).status == 202
        await caller.arrived("Does it start after all?")
    assert (await fresh.command("audit", "verify")).code == 0


async def test_its_database_comes_back_when_it_is_killed_and_nothing_is_lost(
    fresh: Running,
) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        assert (await caller.push("under-1", "Who keeps the books here?")).status == 202
        fresh.kill_database()
        statuses: list[int] = []

        async def is_taken() -> bool:
            pushed = await caller.push("under-2", "And who keeps them now?")
            statuses.append(pushed.status)
            return pushed.status == 202

        await eventually(is_taken, bool, PATIENCE_SECONDS)
        assert set(statuses) <= {202, 503}
        await caller.arrived("Who keeps the books here?")
        arrived = await caller.arrived("And who keeps them now?")
        await caller.approve(arrived, "The same as before.")
        await caller.becomes(arrived, "answered")
    verified = await fresh.command("audit", "verify")
    assert verified.code == 0, verified.said


async def test_kills_at_any_moment_lose_nothing_and_answer_nothing_twice(fresh: Running) -> None:
    await fresh.start()
    accepted: set[str] = set()
    for turn, with_database in enumerate((False, True, False, True)):
        async with calling(fresh) as caller:
            work = asyncio.create_task(_push_and_approve(caller, turn, accepted))
            await asyncio.sleep(0.8 + 0.5 * turn)  # the moment of the kill, not a wait
            fresh.kill(with_database=with_database)
            await work
        await fresh.start()
    async with calling(fresh) as caller:
        await _all_settled(caller, accepted)
        answers = {each: await _answers_on_the_page(caller, each) for each in sorted(accepted)}
    assert [each for each, found in answers.items() if found]
    assert answers == {
        each: [f"Answer to {each}."] if found else [] for each, found in answers.items()
    }
    verified = await fresh.command("audit", "verify")
    assert verified.code == 0, verified.said


async def _answers_on_the_page(caller: Caller, comment_id: str) -> list[str]:
    return (await caller.visit(f"/comment?id={comment_id}")).comments[1:]


async def _push_and_approve(caller: Caller, turn: int, accepted: set[str]) -> None:
    """As fast as it goes, until nobody answers any more."""
    number = 0
    with suppress(aiohttp.ClientError, TimeoutError):
        while True:
            comment_id = f"kill-{turn}-{number}"
            number += 1
            pushed = await caller.push(comment_id, f"Question {comment_id}, who knows?")
            if pushed.status == 202:
                accepted.add(comment_id)
            for row in (await caller.queue()).items:
                if row.state != "awaiting_review" or row.held is not None:
                    continue
                answer = await caller.api("GET", f"/engagements/{row.id}")
                item = answer.json()
                body = {
                    "text": f"Answer to {item['comment']['comment_id']}.",
                    "context": item["context"],
                    "undo_seconds": 0,
                }
                await caller.api("POST", f"/engagements/{row.id}/approve", body)


async def _all_settled(caller: Caller, accepted: set[str]) -> None:
    """Every accepted push is in the ledger, and no reply is under way any more."""
    status = caller.ready.console_url + "/status/guestbook/by-comment?comment_id="

    async def known() -> set[str]:
        answers = [(each, await caller.status(status + each)) for each in sorted(accepted)]
        return {
            each
            for each, answer in answers
            if answer.status != 200 or answer.json()["status"] == "received"
        }

    await eventually(known, lambda missing: not missing, PATIENCE_SECONDS)

    async def under_way() -> list[str]:
        rows = (await caller.queue()).items
        return [row.excerpt for row in rows if row.state in {"approved", "sending"}]

    await eventually(under_way, lambda rows: not rows, START_SECONDS)

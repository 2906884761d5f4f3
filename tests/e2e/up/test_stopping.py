"""Stopping it, killing it, starting it twice: nothing is lost, nothing is answered twice."""

import asyncio
import os
import signal
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
import pytest

from responder.testing.caller import PATIENCE_SECONDS, Caller, calling
from responder.testing.running import START_SECONDS, Running, eventually


async def test_it_stops_when_asked_says_what_is_held_and_leaves_no_process(
    fresh: Running,
) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        await caller.push("held-1", "Is the museum open on Mondays?")
        arrived = await caller.arrived("Is the museum open on Mondays?")
        await caller.approve(arrived, "It is, from ten.", undo_seconds=5)
        await _is_stopped_by(fresh, signal.SIGINT)
    assert "1 reply is still in its undo time" in fresh.said

    await fresh.start()
    await fresh.says("1 reply was in its undo time and goes out ")
    await fresh.says("1 comment is open.")
    await fresh.says("Nothing is missing.")
    async with calling(fresh) as caller:
        answered = await caller.becomes(arrived, "answered")
        page = await caller.visit(answered.reply_url or "")
        assert page.comments == ["Is the museum open on Mondays?", "It is, from ten."]
    await _is_stopped_by(fresh, signal.SIGTERM)
    assert "Nothing is waiting to go out" in fresh.said


async def _is_stopped_by(running: Running, number: signal.Signals) -> None:
    group = running.pid
    assert await running.stop(number) == 0
    assert "Traceback" not in running.said
    assert running.database_pids() == ()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


async def test_an_interrupt_while_the_database_is_being_made_ends_it_quietly(
    fresh: Running,
) -> None:
    fresh.launch()
    await fresh.says("Making a database")
    assert await fresh.stop(signal.SIGINT) == 130
    assert [line for line in fresh.said.splitlines() if "database" not in line] == []
    assert fresh.database_pids() == ()
    await fresh.start()


@pytest.mark.parametrize("port", ["any that is free", "the same"])
@pytest.mark.fault(14)
async def test_a_second_one_on_the_same_folder_is_refused_with_the_holder(
    port: str, responder: Running
) -> None:
    """Also where its port is taken: another port would not help."""
    taken = urlsplit(responder.ready.console_url).port
    refused = await responder.command("up", "--port", str(taken) if port == "the same" else "0")
    assert refused.code == 1
    assert f"is in use by process {responder.pid}" in refused.said
    assert "--port" not in refused.said
    assert "Traceback" not in refused.said
    assert responder.ready_file.exists()
    async with calling(responder) as caller:
        assert (await caller.queue()).balance.unaccounted == 0


@pytest.mark.fault(14)
async def test_a_kill_in_the_first_seconds_leaves_a_folder_that_starts(fresh: Running) -> None:
    for pause in (0.3, 1.0, 1.8, 3.0):
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


@pytest.mark.fault(7)
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
        assert [line for line in fresh.said.splitlines() if '"level": "error"' in line] == []
        await caller.arrived("Who keeps the books here?")
        arrived = await caller.arrived("And who keeps them now?")
        await caller.approve(arrived, "The same as before.")
        await caller.becomes(arrived, "answered")
    verified = await fresh.command("audit", "verify")
    assert verified.code == 0, verified.said


@dataclass
class Progress:
    """What callers were told before it died."""

    accepted: set[str] = field(default_factory=set)
    approved: int = 0
    answered: int = 0


MOMENTS: tuple[tuple[Callable[[Progress], bool], bool], ...] = (
    (lambda so_far: len(so_far.accepted) >= 3, False),
    (lambda so_far: so_far.approved >= 1, True),
    (lambda so_far: so_far.approved >= 5, False),
    (lambda so_far: so_far.answered >= 3, True),
)
"""When it is killed, and whether its database is, too."""


@pytest.mark.fault(14)
@pytest.mark.promise(1, 2, 5)
async def test_kills_in_the_middle_of_work_lose_nothing_and_answer_nothing_twice(
    fresh: Running,
) -> None:
    progress = Progress()

    async def so_far() -> Progress:
        return progress

    await fresh.start()
    for turn, (is_time, with_database) in enumerate(MOMENTS):
        async with calling(fresh) as caller:
            work = asyncio.create_task(_push_and_approve(caller, turn, progress))
            await eventually(so_far, is_time, PATIENCE_SECONDS)
            fresh.kill(with_database=with_database)
            await work
        await fresh.start()
    async with calling(fresh) as caller:
        await _all_settled(caller, progress.accepted)
        answers = {
            each: await _answers_on_the_page(caller, each) for each in sorted(progress.accepted)
        }
    answered = {each for each, found in answers.items() if found}
    assert len(answered) >= progress.answered
    assert answers == {each: [f"Answer to {each}."] if each in answered else [] for each in answers}
    verified = await fresh.command("audit", "verify")
    assert verified.code == 0, verified.said


async def _answers_on_the_page(caller: Caller, comment_id: str) -> list[str]:
    return (await caller.visit(f"/comment?id={comment_id}")).comments[1:]


async def _push_and_approve(caller: Caller, turn: int, progress: Progress) -> None:
    """As fast as it goes, until nobody answers any more."""
    number = 0
    with suppress(aiohttp.ClientError, TimeoutError):
        while True:
            comment_id = f"kill-{turn}-{number}"
            number += 1
            pushed = await caller.push(comment_id, f"Question {comment_id}, who knows?")
            if pushed.status == 202:
                progress.accepted.add(comment_id)
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
                told = await caller.api("POST", f"/engagements/{row.id}/approve", body)
                progress.approved += told.status == 200
            progress.answered = (await caller.queue("answered")).matching


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

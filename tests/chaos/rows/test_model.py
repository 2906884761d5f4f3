"""The model is away, hangs, or answers nonsense: comments are there to be reviewed all the same.

A word in the text of a comment is what the model does to it. It has to be a single one: in what a
model is asked, the words of strangers are joined by a mark that changes with each call.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from responder.testing.caller import PATIENCE_SECONDS, Caller, calling
from responder.testing.hostile_model import (
    HostileModel,
    Step,
    drips,
    floods,
    raw,
    reply,
    says,
    status,
)
from responder.testing.running import Running, eventually, installation
from responder.web.api.models import Engagement
from tests.chaos.rows.kit import CONFIGURATION

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRUTH = "The shop is open from Monday to Friday, 10:00 to 18:00."
GERMAN = "Der Laden ist von Montag bis Freitag geöffnet, von zehn bis achtzehn Uhr."
LINK = "https://phish.example/login"
GOOD = says(reply((TRUTH, "answer", ["K1"])))
NONSENSE: Mapping[str, Step] = {
    "halved": says('{"language": '),
    "empty": says(""),
    "megabyte": raw(b"x" * 1_000_000),
    "foreign": says(reply((GERMAN, "answer", ["K1"]), language="de")),
    "linked": says(reply((f"{TRUTH} See {LINK}", "answer", ["K1"]))),
}
AWAY: Mapping[str, Step] = {"broken": status(500)}
ENDLESS: Mapping[str, Step] = {"slow": drips(), "endless": floods()}
DRAFT_SECONDS = 60.0
"""What a model may take for a draft in all, whatever each of its attempts may."""


def question(case: str) -> str:
    return f"What are the opening hours of the {case} shop?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model() -> AsyncIterator[HostileModel]:
    cases = {**NONSENSE, **AWAY, **ENDLESS}

    async def step(request: web.Request, body: Mapping[str, Any]) -> web.StreamResponse:
        asked = str(body["messages"][1]["content"])
        chosen = next((made for case, made in cases.items() if case in asked), GOOD)
        return await chosen(request, body)

    async with HostileModel(step) as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(model: HostileModel) -> AsyncIterator[Running]:
    chosen = f'\n[openai]\nbase_url = "{model.url}"\nmodel = "hostile-1"\ntimeout_seconds = 5\n'
    with installation(CONFIGURATION + chosen) as running:
        await running.start()
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def caller(running: Running) -> AsyncIterator[Caller]:
    async with calling(running) as caller:
        yield caller


@pytest.mark.fault(26)
@pytest.mark.promise(7)
async def test_a_model_that_never_ends_is_left_at_its_deadline_and_holds_up_nobody(
    running: Running, caller: Caller, model: HostileModel
) -> None:
    for case in ENDLESS:
        await _taken(caller, case, question(case))
    assert (await caller.arrived(question("slow"))).draft is None
    for case in ENDLESS:
        _is_reviewable(await _with_draft(caller, question(case)))
    asked = json.dumps(model.requests)
    assert [case for case in ENDLESS if case not in asked] == []
    await eventually(lambda: _connections(model), lambda count: count == 0)
    assert await _posted(running) == 0


@pytest.mark.fault(27)
@pytest.mark.promise(7)
@pytest.mark.parametrize("case", NONSENSE)
async def test_nonsense_is_asked_for_once_more_and_never_shown_or_sent(
    running: Running, caller: Caller, model: HostileModel, case: str
) -> None:
    turn = list(NONSENSE).index(case)
    good = await _drafted(caller, f"good-{turn}", f"Turn {turn}: {question('usual')}")
    assert good.draft is not None
    assert (good.draft.text, good.draft.model) == (TRUTH, "hostile-1")
    before = len(model.requests)
    found = await _drafted(caller, case, question(case))
    assert 1 <= len(model.requests) - before <= 2
    _is_reviewable(found)
    assert found.draft is not None
    assert GERMAN not in (found.draft.text or "")
    assert LINK not in found.model_dump_json()
    assert await _posted(running) == 0


@pytest.mark.fault(25)
@pytest.mark.promise(7)
async def test_while_the_model_is_away_it_is_left_alone_and_comments_are_open_all_the_same(
    running: Running, caller: Caller, model: HostileModel
) -> None:
    names = [f"broken-{number}" for number in range(7)]
    for name in names:
        _is_reviewable(await _drafted(caller, name, f"{question('broken')} (my {name})"))
    asked = json.dumps(model.requests)
    assert names[0] in asked
    assert [name for name in names if name not in asked]
    assert await _posted(running) == 0


async def _connections(model: HostileModel) -> int:
    return model.connections


async def _drafted(caller: Caller, name: str, text: str) -> Engagement:
    await _taken(caller, name, text)
    return await _with_draft(caller, text)


async def _taken(caller: Caller, name: str, text: str) -> None:
    async def status() -> int:
        return (await caller.push(name, text)).status

    await eventually(status, lambda found: found == 202)


async def _with_draft(caller: Caller, text: str) -> Engagement:
    arrived = await caller.arrived(text)

    async def ask() -> Engagement:
        return await caller.read(arrived)

    within = PATIENCE_SECONDS + DRAFT_SECONDS
    return await eventually(ask, lambda it: it.draft is not None, within)


def _is_reviewable(found: Engagement) -> None:
    """Open with a draft of the template, or with the reason why there is none; its clock runs."""
    assert found.state == "awaiting_review"
    assert found.due_at is not None
    assert found.draft is not None
    assert found.draft.text or found.draft.explanation


async def _posted(running: Running) -> int:
    ((count,),) = await running.sql("SELECT count(*) FROM delivery_attempt")
    return int(count)

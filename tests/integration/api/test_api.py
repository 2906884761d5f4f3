"""The JSON API through its door; what counts is what the ledger holds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import aiohttp
import pytest
from yarl import URL

from responder.access.model import Role
from responder.engagement.lifecycle import State
from responder.engagement.model import Kind
from responder.testing.console import ConsoleBench
from responder.testing.factories import NOON, comment
from responder.web.api.models import Engagement, EngagementList

REPLY = "Yes, it does."


async def read(api: aiohttp.ClientSession, console: ConsoleBench) -> dict[str, Any]:
    async with api.get(f"engagements/{await console.bench.id_of('c1')}") as answer:
        assert answer.status == 200
        shown: dict[str, Any] = await answer.json()
        return shown


async def send(
    api: aiohttp.ClientSession,
    shown: dict[str, Any],
    key: str = "",
    changed: Mapping[str, object] = MappingProxyType({}),
) -> aiohttp.ClientResponse:
    body = {"text": REPLY, "context": shown["context"], **changed}
    headers = {"Idempotency-Key": key} if key else {}
    return await api.post(f"engagements/{shown['id']}/approve", json=body, headers=headers)


async def problem(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    said = await answer.json()
    assert said["status"] == answer.status
    return answer.status, said["code"]


async def test_the_queue_is_listed_as_the_model_says(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment("c1"), comment("c2", thread_id="t2"))
    async with api.get("engagements", params={"limit": "1"}) as answer:
        first = EngagementList.model_validate(await answer.json())
    async with api.get("engagements", params={"after": first.next or ""}) as answer:
        second = EngagementList.model_validate(await answer.json())
    assert (len(first.items), len(second.items), second.next) == (1, 1, None)
    assert first.balance.unaccounted == 0
    assert first.matching == 2


async def test_a_comment_is_approved_undone_and_approved_again(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    assert shown["can_post"] is True
    approved = Engagement.model_validate(await (await send(api, shown)).json())
    assert approved.state is State.APPROVED
    assert approved.held is not None
    assert (approved.held.by, approved.held.text) == ("Ana", REPLY)
    async with api.post(f"engagements/{shown['id']}/undo") as answer:
        assert Engagement.model_validate(await answer.json()).state is State.AWAITING_REVIEW
    assert (await send(api, shown, changed={"undo_seconds": 0})).status == 200
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == [REPLY]
    answered = await read(api, console)
    assert (answered["state"], answered["reply_url"]) == (
        "answered",
        "https://place.example/reply-1",
    )


async def test_a_repeated_request_with_one_key_decides_once(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    assert [(await send(api, shown, "k1")).status for _ in range(3)] == [200, 200, 200]
    assert await problem(await send(api, shown, "k2")) == (409, "already-decided")
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == [REPLY]


async def test_one_key_decides_about_each_comment(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    for name in ("c1", "c2"):
        await console.bench.arrives(comment(name))
        path = f"engagements/{await console.bench.id_of(name)}"
        async with api.get(path) as answer:
            context = (await answer.json())["context"]
        async with api.post(
            f"{path}/approve",
            json={"text": REPLY, "context": context},
            headers={"Idempotency-Key": "the same"},
        ) as answer:
            assert answer.status == 200
            assert (await answer.json())["held"] is not None


async def test_an_idempotency_key_may_be_as_long_as_the_document_says_and_no_longer(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    async with api.get("openapi.json") as answer:
        described = (await answer.json())["paths"]["/api/v1/engagements/{id}/approve"]["post"]
    (limit,) = [
        each["schema"]["maxLength"]
        for each in described["parameters"]
        if each["name"] == "Idempotency-Key"
    ]
    assert await problem(await send(api, shown, "k" * (limit + 1))) == (400, "malformed")
    assert (await read(api, console))["held"] is None
    assert (await send(api, shown, "k" * limit)).status == 200


async def test_a_comment_is_closed_with_a_reason(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    closing = {"reason": "spam", "context": shown["context"], "undo_seconds": 0}
    async with api.post(f"engagements/{shown['id']}/dismiss", json=closing) as answer:
        assert answer.status == 200
    await console.bench.release()
    assert (await read(api, console))["dismissal"] == "spam"


@pytest.mark.parametrize(
    ("closing", "why"),
    [
        ({"reason": "spam_rule"}, "reason cannot be read: it is none of thanks_only, "),
        ({"reason": ["spam"]}, "reason cannot be read: it is none of thanks_only, "),
        ({"reason": "other"}, "Nothing was closed: the reason “other” needs a few words"),
    ],
)
async def test_a_reason_that_no_person_gives_is_refused_with_those_that_one_may(
    console: ConsoleBench, api: aiohttp.ClientSession, closing: dict[str, object], why: str
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    path = f"engagements/{shown['id']}/dismiss"
    async with api.post(path, json={**closing, "context": shown["context"]}) as answer:
        said = await answer.json()
    assert said["status"] == 400
    assert said["detail"].startswith(why)
    assert said["remedy"] == "Mend what the detail names, and send it again."
    assert (await read(api, console))["held"] is None


async def test_what_was_not_read_cannot_be_answered(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    await console.bench.arrives(comment(text="Other words.", kind=Kind.EDITED, edited_at=NOON))
    answer = await send(api, shown)
    assert await problem(answer) == (409, "stale-approval")
    now = await read(api, console)
    assert (await answer.json())["context"] == now["context"]
    assert now["state"] == "awaiting_review"


@pytest.mark.parametrize(
    "changed",
    [
        {"text": ""},
        {"text": None},
        {"context": None},
        {"undo_seconds": 121},
        {"undo_seconds": -1},
        {"draft_version": "x"},
        {"surprise": 1},
    ],
)
async def test_a_wrong_body_is_refused_by_field(
    console: ConsoleBench, api: aiohttp.ClientSession, changed: dict[str, object]
) -> None:
    await console.bench.arrives(comment())
    answer = await send(api, await read(api, console), changed=changed)
    assert await problem(answer) == (400, "malformed")
    assert next(iter(changed)) in (await answer.json())["detail"]


async def test_what_makes_no_sense_is_refused(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    for path, code in (
        ("engagements?limit=0", (400, "malformed")),
        ("engagements?limit=000000150999999999999999999", (400, "malformed")),
        ("engagements?limit=٣", (400, "malformed")),
        ("engagements?state=weird", (400, "malformed")),
        ("engagements?after=x", (400, "malformed")),
        ("engagements/none", (404, "not-found")),
        (f"engagements/{console.ana.id}", (404, "not-found")),
    ):
        assert await problem(await api.get(path)) == code, path
    for body in (b"", b"[", b"\xff", b'"text"', b"[" * 10_000):
        answer = await api.post(f"engagements/{console.ana.id}/approve", data=body)
        assert await problem(answer) == (400, "malformed")


async def test_a_filter_may_hold_anything(api: aiohttp.ClientSession) -> None:
    for name in ("queue", "source", "q", "after"):
        async with api.get(URL(f"engagements?{name}=a%00b", encoded=True)) as answer:
            assert answer.status in (200, 400)


async def test_without_a_known_token_nothing_is_said(console: ConsoleBench) -> None:
    await console.bench.arrives(comment())
    link = await console.link()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        await browser.post(link)  # a session is none of the API's business
        for headers in ({}, {"Authorization": "Bearer guess"}):
            answer = await browser.get(f"{console.url}/api/v1/engagements", headers=headers)
            assert await problem(answer) == (401, "api-token-required")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_may_do_what_its_person_may(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment())
    await console.access.give_role(console.ana, Role.VIEWER)
    shown = await read(api, console)
    assert await problem(await send(api, shown)) == (403, "not-allowed")


async def act(
    api: aiohttp.ClientSession, shown: dict[str, Any], name: str, **body: object
) -> aiohttp.ClientResponse:
    return await api.post(f"engagements/{shown['id']}/{name}", json=body)


async def test_a_clock_is_stopped_and_goes_on(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    assert (shown["clock_may_stop"], shown["clock_paused_at"]) == (True, None)
    stopped = await (await act(api, shown, "stop-clock", reason="Ada looks\nat it")).json()
    assert stopped["clock_paused_at"] is not None
    assert "by Ana: Ada looks at it." in stopped["due_explained"][1]
    assert await problem(await act(api, shown, "stop-clock", reason="again")) == (
        409,
        "clock-refuses",
    )
    went_on = await (await act(api, shown, "start-clock")).json()
    assert went_on["clock_paused_at"] is None
    assert await problem(await act(api, shown, "start-clock")) == (409, "clock-refuses")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"reason": " \n "}])
async def test_a_clock_is_not_stopped_without_a_reason(
    console: ConsoleBench, api: aiohttp.ClientSession, body: dict[str, object]
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    assert (await act(api, shown, "stop-clock", **body)).status == 400
    assert (await read(api, console))["clock_paused_at"] is None


@pytest.mark.parametrize("reason", ["a\x00b", "\ud83d", "\x1b[31mred"])
async def test_a_reason_that_nobody_can_read_is_refused(
    console: ConsoleBench, api: aiohttp.ClientSession, reason: str
) -> None:
    await console.bench.arrives(comment())
    shown = await read(api, console)
    assert (await act(api, shown, "stop-clock", reason=reason)).status == 400
    assert (await read(api, console))["clock_paused_at"] is None


async def test_who_only_reads_stops_no_clock(
    console: ConsoleBench, api: aiohttp.ClientSession
) -> None:
    await console.bench.arrives(comment())
    await console.access.give_role(console.ana, Role.VIEWER)
    shown = await read(api, console)
    for name, body in (("stop-clock", {"reason": "x"}), ("start-clock", {})):
        assert await problem(await act(api, shown, name, **body)) == (403, "not-allowed")


async def test_the_document_is_served_to_anybody(console: ConsoleBench) -> None:
    async with (
        aiohttp.ClientSession() as anybody,
        anybody.get(f"{console.url}/api/v1/openapi.json") as answer,
    ):
        assert (await answer.json())["openapi"] == "3.1.0"

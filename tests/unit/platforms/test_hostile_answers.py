"""Whatever a place answers, a platform gives an outcome or one of the port's own errors."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from responder.delivery.ports import AttemptOutcome
from responder.engagement.errors import Retryable
from responder.engagement.events import EngagementReceived
from responder.engagement.http import Answer, Lost, NotSent, Request, Result
from responder.platforms.guestbook import GuestbookPlatform
from responder.platforms.isso.checking import IssoCheck
from responder.platforms.isso.polling import IssoPoll
from responder.platforms.isso.replying import IssoReply
from responder.platforms.isso.wire import IssoApi
from responder.testing.clock import EPOCH
from responder.testing.contracts.reply_platform import an_attempt

NAMES = [
    "id",
    "parent",
    "created",
    "modified",
    "mode",
    "author",
    "text",
    "hash",
    "website",
    "uri",
    "replies",
    "config",
    "moderation",
    "origin",
    "version",
    "message",
    "code",
    "url",
    "posted_at",
    "public",
    "idempotency_key",
    "complete",
    "deleted",
    "changes",
    "cursor",
    "has_more",
    "comment_id",
    "published_at",
    "name",
]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    VALUES,
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), below, max_size=6)
    ),
    max_leaves=25,
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=50)
STATUSES = st.sampled_from([200, 201, 202, 204, 301, 400, 401, 403, 404, 409, 410, 429, 500, 503])
RESULTS = st.builds(
    Answer,
    status=STATUSES,
    headers=st.sampled_from([{}, {"retry-after": "5"}, {"retry-after": "soon"}]),
    body=BODIES,
) | st.sampled_from([Lost(why="reset"), Lost(why="cut", status=200), NotSent(why="refused")])
ATTEMPT = an_attempt("Yes, it does.", key="k", comment_id="1-1000", thread_id="/hello/")


class _Still:
    def now(self) -> datetime:
        return EPOCH

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError(seconds)


@dataclass
class _Hostile:
    """Answers the same to everything."""

    result: Result

    async def send(self, request: Request) -> Result:
        assert request.url.startswith("http")
        return self.result


def isso(result: Result) -> IssoApi:
    return IssoApi(
        http=_Hostile(result), clock=_Still(), url="http://isso.example", site="http://a.example"
    )


async def may_give_up(call: Callable[[], Awaitable[object]]) -> None:
    """The port's own errors are an answer; anything else fails the test."""
    with suppress(Retryable):
        await call()


@settings(max_examples=150, deadline=None)
@given(RESULTS)
async def test_an_isso_gone_mad_breaks_nothing(result: Result) -> None:
    api = isso(result)
    platform = IssoReply(api=api, clock=_Still(), post_as="Team", email="a@b.example")
    poll = IssoPoll(api=api, clock=_Still(), pages=["/hello/"])
    await may_give_up(lambda: poll.poll(None, 10))
    await IssoCheck(api=api, site="http://a.example").check()
    await platform.preflight(ATTEMPT)
    await platform.read_back(ATTEMPT)
    posted = await platform.reply(ATTEMPT)
    assert len(posted.detail) <= 300
    if not (isinstance(result, Answer) and result.is_success):
        assert posted.outcome is not AttemptOutcome.SENT


ANY_TEXT = st.text(st.characters(categories=["Cs", "Cc", "L", "Zs", "Po"]), max_size=8)
SPOKEN = ANY_TEXT | ANY_TEXT.map("http://".__add__) | ANY_TEXT.map("/".__add__) | st.none()
COMMENTS = st.fixed_dictionaries(
    {
        "id": st.integers(0, 2**63 - 1),
        "created": st.floats(EPOCH.timestamp() - 1000, EPOCH.timestamp()),
        "mode": st.just(1),
    },
    optional=dict.fromkeys(
        ("author", "text", "hash", "uri", "website", "modified", "parent"), SPOKEN
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(COMMENTS, max_size=4))
@example([{"id": 1, "created": EPOCH.timestamp(), "mode": 1, "text": "half: \ud83d"}])
async def test_whatever_a_comment_holds_an_event_can_carry_it(
    comments: list[dict[str, object]],
) -> None:
    class Site:
        async def send(self, request: Request) -> Result:
            is_list = "/latest" in request.url
            standing = [{**comment, "uri": "/hello/"} for comment in comments]
            body = json.dumps(standing if is_list else {"replies": comments}).encode()
            return Answer(status=200, headers={}, body=body)

    api = IssoApi(http=Site(), clock=_Still(), url="http://isso.example", site="http://a.example")
    page = await IssoPoll(api=api, clock=_Still(), pages=["/"]).poll(None, 10)
    told = [event.model_dump_json() for event in page.events]
    assert bool(told) == bool(comments)


@pytest.mark.parametrize(
    ("uri", "title"),
    [
        ("/garden/%C3%A4pfel/", "/garden/äpfel/"),
        ("/shop?item=7", "/shop"),
        ("/", "/"),
        ("https://blog.example/a%20b", "/a b"),
        ("/%ff", "/�"),
        ("//[", None),
    ],
)
async def test_a_page_is_called_by_its_path(uri: str, title: str | None) -> None:
    """Isso's API tells no titles."""
    listed = json.dumps({"replies": [{"id": 1, "created": EPOCH.timestamp(), "mode": 1}]})
    api = isso(Answer(status=200, headers={}, body=listed.encode()))
    page = await IssoPoll(api=api, clock=_Still(), pages=[uri]).poll(None, 10)
    [event] = page.events
    assert isinstance(event, EngagementReceived)
    assert event.page is not None
    assert event.page.title == title


@settings(max_examples=150, deadline=None)
@given(RESULTS)
async def test_a_guestbook_gone_mad_breaks_nothing(result: Result) -> None:
    platform = GuestbookPlatform(
        http=_Hostile(result),
        clock=_Still(),
        url="http://guestbook.example",
        token="t0ken",  # noqa: S106 - it opens nothing
        post_as="Team",
    )
    await may_give_up(lambda: platform.poll(None, 10))
    await platform.preflight(ATTEMPT)
    await platform.read_back(ATTEMPT)
    posted = await platform.reply(ATTEMPT)
    assert len(posted.detail) <= 300
    if not (isinstance(result, Answer) and result.is_success):
        assert posted.outcome is not AttemptOutcome.SENT


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    "other", [{"idempotency_key": "another", "text": "Yes, it does."}, {"text": "No, it does not."}]
)
async def test_a_guestbooks_answer_about_another_reply_is_no_proof(other: dict[str, str]) -> None:
    """It may have been kept somewhere on its way, and given to the next who asked."""
    said = {"id": "g-1", "url": None, "public": True, **other}
    answer = Answer(status=201, headers={}, body=json.dumps(said).encode())
    platform = GuestbookPlatform(
        http=_Hostile(answer), clock=_Still(), url="http://g.example", token="", post_as="Team"
    )
    assert (await platform.reply(ATTEMPT)).outcome is AttemptOutcome.UNKNOWN

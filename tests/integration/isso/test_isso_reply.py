"""Answering in a real Isso as people run it: its default guard, its moderation, one address."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from responder.adapters.system import SystemClock
from responder.delivery.ports import AttemptOutcome, Posted, Posting, Preflight
from responder.platforms.isso.checking import IssoCheck
from responder.platforms.isso.replying import IssoReply
from responder.platforms.isso.wire import IssoApi
from responder.reconcile.ports import Finding, Level
from responder.testing.contracts.reply_platform import an_attempt
from responder.testing.isso import ELSEWHERE, IssoServer, Told
from responder.testing.loopback import loopback_http

EMAIL = "answers & more-7f3a@example.org"
URI = "/hello/"
MINUTES_16 = 960.0


@dataclass
class _Desk:
    server: IssoServer
    api: IssoApi
    platform: IssoReply

    def attempt(self, text: str, comment: Told, *, root: Told | None = None) -> Posting:
        root_id = (root or comment).key
        return an_attempt(text, key="k", comment_id=comment.key, thread_id=URI, root_id=root_id)

    async def reply(self, text: str, comment: Told, *, root: Told | None = None) -> Posted:
        return await self.platform.reply(self.attempt(text, comment, root=root))


@asynccontextmanager
async def desk_at(server: IssoServer) -> AsyncIterator[_Desk]:
    clock = SystemClock()
    http = loopback_http(server.url)
    api = IssoApi(http=http, clock=clock, url=server.url, site=server.site)
    yield _Desk(server, api, IssoReply(api=api, clock=clock, post_as="Team & Co", email=EMAIL))


@pytest.fixture(scope="module")
def as_it_comes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssoServer]:
    with IssoServer(tmp_path_factory.mktemp("guarded")) as running:
        yield running


@pytest.fixture
def guarded(as_it_comes: IssoServer) -> IssoServer:
    """With its default guard; commenter and Responder at one address."""
    as_it_comes.forget()
    return as_it_comes


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IssoServer]:
    with IssoServer(tmp_path_factory.mktemp("moderated"), guard=False, moderated=True) as running:
        yield running


@pytest.fixture
def moderated(held: IssoServer) -> IssoServer:
    held.forget()
    return held


async def test_a_fresh_comment_from_our_own_network_is_answered_after_its_edit_time(
    guarded: IssoServer,
) -> None:
    comment = guarded.comment(URI, "Does it run?", ago=300)
    async with desk_at(guarded) as desk:
        early = await desk.reply("Yes.", comment)
        assert early.outcome is AttemptOutcome.THROTTLED
        assert early.after_seconds is not None
        assert 590 < early.after_seconds <= 601
        assert not early.pause_source
        guarded.move_clock(early.after_seconds)
        assert (await desk.reply("Yes.", comment)).outcome is AttemptOutcome.SENT
    assert guarded.texts(comment.id) == ["Yes."]


async def test_more_than_two_a_minute_means_in_a_minute(guarded: IssoServer) -> None:
    comment = guarded.comment(URI, "Does it run?", ago=MINUTES_16)
    async with desk_at(guarded) as desk:
        posted = [await desk.reply(f"Answer {number}", comment) for number in range(3)]
        outcomes = [each.outcome for each in posted]
        assert outcomes == [AttemptOutcome.SENT, AttemptOutcome.SENT, AttemptOutcome.THROTTLED]
        assert posted[2].after_seconds == 60
        guarded.move_clock(60)
        assert (await desk.reply("Answer 2", comment)).outcome is AttemptOutcome.SENT


async def test_a_guard_that_wants_longer_than_usual_is_asked_again(tmp_path: Path) -> None:
    with IssoServer(tmp_path, extra={"general": {"max-age": "1h"}}) as server:
        comment = server.comment(URI, "Does it run?", ago=MINUTES_16)
        async with desk_at(server) as desk:
            posted = await desk.reply("Yes.", comment)
    assert (posted.outcome, posted.after_seconds) == (AttemptOutcome.THROTTLED, 300)


async def test_a_held_reply_is_handed_over_with_its_id(moderated: IssoServer) -> None:
    comment = moderated.comment(URI, "Does it run?")
    moderated.activate(comment.id)
    async with desk_at(moderated) as desk:
        posted = await desk.reply("Yes.", comment)
        assert posted.outcome is AttemptOutcome.HANDED_OVER
        held = await desk.platform.read_back(desk.attempt("Yes.", comment))
        assert held is not None
        assert (held.replies, held.is_complete) == ((), False)
        moderated.activate(number_of(posted))
        shown = await desk.platform.read_back(desk.attempt("Yes.", comment))
        assert shown is not None
        assert [reply.external_id for reply in shown.replies] == [posted.external_id]


async def test_the_answer_to_a_nested_comment_is_read_back_under_the_root(
    guarded: IssoServer,
) -> None:
    root = guarded.comment(URI, "one of us", ago=2 * MINUTES_16)
    nested = guarded.comment(URI, "two of us", parent=root.id, ago=MINUTES_16)
    async with desk_at(guarded) as desk:
        posted = await desk.reply("three of us", nested, root=root)
        found = await desk.platform.read_back(desk.attempt("three of us", nested, root=root))
    assert found is not None
    assert found.is_complete
    assert [reply.external_id for reply in found.replies] == [posted.external_id]
    assert guarded.texts(root.id)[-1] == "three of us"


async def test_a_comment_from_elsewhere_is_answered_at_once(guarded: IssoServer) -> None:
    comment = guarded.comment(URI, "Does it run?", address=ELSEWHERE)
    async with desk_at(guarded) as desk:
        assert (await desk.reply("Yes.", comment)).outcome is AttemptOutcome.SENT


async def test_a_neighbour_without_an_e_mail_is_not_taken_for_us(guarded: IssoServer) -> None:
    root = guarded.comment(URI, "Does it run?", ago=MINUTES_16)
    guarded.comment(URI, "I wonder too.", author="Bob", parent=root.id)
    async with desk_at(guarded) as desk:
        found = await desk.platform.read_back(desk.attempt("I wonder too.", root))
    assert found is not None
    assert found.replies == ()


async def test_our_echo_carries_the_author_id_that_we_name(guarded: IssoServer) -> None:
    root = guarded.comment(URI, "Does it run?", ago=MINUTES_16)
    async with desk_at(guarded) as desk:
        await desk.reply("Yes.", root)
        tree = await desk.api.tree(URI)
        assert [each.hash for each in tree if each.text == "Yes."] == [desk.platform.own_author_id]


async def test_on_a_site_with_its_own_salt_our_name_tells_our_reply(tmp_path: Path) -> None:
    with IssoServer(tmp_path, extra={"hash": {"salt": "another"}}) as server:
        root = server.comment(URI, "Does it run?", ago=MINUTES_16)
        async with desk_at(server) as desk:
            posted = await desk.reply("Yes.", root)
            found = await desk.platform.read_back(desk.attempt("Yes.", root))
    assert found is not None
    assert [reply.external_id for reply in found.replies] == [posted.external_id]


async def test_a_reply_whose_parent_went_is_found_where_isso_put_it(guarded: IssoServer) -> None:
    root = guarded.comment(URI, "Does it run?", ago=MINUTES_16)
    async with desk_at(guarded) as desk:
        assert await desk.platform.preflight(desk.attempt("Yes.", root)) is Preflight.OK
        guarded.forget()
        assert await desk.platform.preflight(desk.attempt("Yes.", root)) is Preflight.GONE
        posted = await desk.reply("Yes.", root)
        assert (posted.outcome, posted.parent_gone) == (AttemptOutcome.SENT, True)
        found = await desk.platform.read_back(desk.attempt("Yes.", root))
    assert found is not None
    assert [reply.external_id for reply in found.replies] == [posted.external_id]


async def test_an_id_that_was_given_to_somebody_else_is_a_comment_that_has_gone(
    guarded: IssoServer,
) -> None:
    gone = guarded.comment(URI, "Does it run?", ago=MINUTES_16)
    guarded.forget()
    other = guarded.comment(URI, "Where do you live?", address=ELSEWHERE)
    assert (other.id, other.key != gone.key) == (gone.id, True)
    async with desk_at(guarded) as desk:
        assert await desk.platform.preflight(desk.attempt("Yes.", gone)) is Preflight.GONE


async def test_a_held_comment_has_not_gone(moderated: IssoServer) -> None:
    comment = moderated.comment(URI, "Held")
    async with desk_at(moderated) as desk:
        assert await desk.platform.preflight(desk.attempt("Yes.", comment)) is Preflight.OK


async def test_a_deleted_comment_with_replies_has_gone(guarded: IssoServer) -> None:
    root = guarded.comment(URI, "one of us")
    guarded.comment(URI, "two of us", parent=root.id, address=ELSEWHERE)
    guarded.delete(root.id)
    async with desk_at(guarded) as desk:
        assert await desk.platform.preflight(desk.attempt("Yes.", root)) is Preflight.GONE


async def test_what_isso_refuses_for_good_is_refused_in_its_words(guarded: IssoServer) -> None:
    root = guarded.comment(URI, "Does it run?", ago=MINUTES_16)
    async with desk_at(guarded) as desk:
        posted = await desk.reply("Ok", root)
    assert posted.outcome is AttemptOutcome.REFUSED
    assert "text is too short" in posted.detail


@pytest.mark.parametrize(
    "comment_id", ["", "abc", "17", "-1-1", "\uff11-\uff12", "9" * 30 + "-1", "1-1; DROP"]
)
async def test_an_id_that_is_none_of_isso_s_is_refused_without_a_call(
    guarded: IssoServer, comment_id: str
) -> None:
    async with desk_at(guarded) as desk:
        attempt = an_attempt("Yes.", key="k", comment_id=comment_id, thread_id=URI)
        assert (await desk.platform.reply(attempt)).outcome is AttemptOutcome.REFUSED
    assert guarded.texts() == []


async def test_a_repeat_stands_twice_which_is_why_we_look_first(guarded: IssoServer) -> None:
    root = guarded.comment(URI, "Does it run?", address=ELSEWHERE)
    async with desk_at(guarded) as desk:
        for _ in range(2):
            await desk.reply("Yes.", root)
    assert guarded.texts(root.id) == ["Yes.", "Yes."]


def number_of(posted: Posted) -> int:
    return int((posted.external_id or "").partition("-")[0])


async def check(server: IssoServer, site: str | None = None) -> dict[str, Finding]:
    async with desk_at(server) as desk:
        found = await IssoCheck(api=desk.api, site=site or server.site).check()
    return {finding.what: finding for finding in found}


async def test_the_check_names_each_setting_to_change(tmp_path: Path) -> None:
    with IssoServer(tmp_path, latest=False, moderated=True) as server:
        found = await check(server, "https://blog.example")
    assert found["[general] latest-enabled"].remedy == "latest-enabled = true"
    assert found["[guard] reply-to-self"].remedy == "reply-to-self = true"
    assert found["[general] host"].remedy == "host = https://blog.example/"
    assert found["[moderation] approve-if-email-previously-approved"].level is Level.WARN
    assert found["[server] trusted-proxies"].level is Level.UNKNOWN
    assert found["[guard] ratelimit"].level is Level.UNKNOWN


async def test_the_check_sees_that_everybody_seems_to_be_the_proxy(guarded: IssoServer) -> None:
    guarded.comment(URI, "Does it run?")
    assert (await check(guarded))["[server] trusted-proxies"].level is Level.WARN


async def test_the_check_is_content_with_a_site_that_is_set_up(tmp_path: Path) -> None:
    well = {"guard": {"reply-to-self": "true"}}
    with IssoServer(tmp_path, extra=well) as server:
        server.comment(URI, "Does it run?", address=ELSEWHERE)
        found = await check(server)
    levels = {finding.level for finding in found.values()}
    assert levels == {Level.OK, Level.UNKNOWN}


async def test_the_check_of_what_is_no_isso_says_so(tmp_path: Path) -> None:
    server = IssoServer(tmp_path)
    assert (await check(server))["Isso"].level is Level.FAIL

"""The contract of `ReplyPlatform`: one suite for every place that is answered in.

A platform's test module subclasses `ReplyPlatformContract` and gives a `place` fixture, with the
platform behind a `FaultyProxy`. What counts is what stands at the place, never what was called. A
row that a platform does not offer by its own `Capabilities` is skipped with that reason.
"""

import math
import unicodedata
from dataclasses import replace
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

import pytest

from responder.delivery.ports import (
    AttemptOutcome,
    Posted,
    Posting,
    Preflight,
    ReadBack,
    ReplyPlatform,
)
from responder.engagement.model import ReplyId
from responder.testing.faulty_proxy import Fault, FaultyProxy

TEXTS = (
    "Yes, it does.",
    "Two lines\nand a third\n\nafter a gap",
    "Grüße — ¿qué tal? 你好 🙂🏽 e\u0301",
    "<script>alert('x')</script> & <b>bold</b> &amp; \"quoted\"",
    "מה שלומך? \u202etxet desrever\u202c",
    "*stars* _under_ `code` [link](javascript:alert(1)) {{ 7*7 }} %s {0} ${x}",
    "'; DROP TABLE comments; --",
)
MADE = (AttemptOutcome.SENT, AttemptOutcome.HANDED_OVER)


class Place(Protocol):
    """One platform with its peer, for one test."""

    platform: ReplyPlatform
    proxy: FaultyProxy
    secrets: tuple[str, ...]
    """What must never show in an outcome."""

    async def posting(self, text: str, *, key: str = "key-1") -> Posting:
        """An attempt to answer a comment that stands there; the same comment each time."""

    async def standing(self) -> list[str]:
        """The texts of every reply that the peer holds under that comment, held ones too."""

    async def remove_comment(self) -> None:
        """Delete the comment that is answered. Only for platforms that see deletions."""

    async def go_away(self) -> None:
        """Stop listening."""


class ReplyPlatformContract:
    """Every row. Subclass it, and give it a `place`."""

    async def test_a_reply_stands_once_as_it_was_written(self, place: Place) -> None:
        posted = await place.platform.reply(await place.posting("Yes, it does."))
        assert posted.outcome in MADE
        assert await place.standing() == ["Yes, it does."]

    @pytest.mark.parametrize("text", TEXTS)
    async def test_any_text_arrives_as_it_was_approved(self, place: Place, text: str) -> None:
        posting = await place.posting(text)
        await place.platform.reply(posting)
        assert [normal(each) for each in await place.standing()] == [normal(text)]

    async def test_sent_always_names_the_reply(self, place: Place) -> None:
        posted = await place.platform.reply(await place.posting("Yes."))
        assert (posted.external_id is not None) or posted.outcome is AttemptOutcome.HANDED_OVER

    async def test_a_place_that_is_away_got_nothing(self, place: Place) -> None:
        posting = await place.posting("Is anybody there?")
        await place.go_away()
        assert (await place.platform.reply(posting)).outcome is AttemptOutcome.NOT_SENT

    async def test_past_its_deadline_nothing_leaves(self, place: Place) -> None:
        posting = replace(await place.posting("Too late."), send_before=-math.inf)
        assert (await place.platform.reply(posting)).outcome is AttemptOutcome.NOT_SENT
        assert place.proxy.posts == 0

    @pytest.mark.parametrize("fault", [Fault.LOSE_REQUEST, Fault.LOSE_ANSWER])
    async def test_a_lost_call_is_doubt_whatever_happened(self, place: Place, fault: Fault) -> None:
        place.proxy.then(fault)
        posted = await place.platform.reply(await place.posting("Was it made?"))
        assert posted.outcome is AttemptOutcome.UNKNOWN

    @pytest.mark.parametrize("fault", [Fault.REFUSE_BEFORE, Fault.REFUSE_AFTER])
    async def test_a_refusal_is_a_refusal_and_no_proof(self, place: Place, fault: Fault) -> None:
        place.proxy.then(fault)
        posted = await place.platform.reply(await place.posting("Was it made?"))
        assert posted.outcome is AttemptOutcome.REFUSED

    async def test_a_success_that_cannot_be_read_is_never_sent(self, place: Place) -> None:
        place.proxy.then(Fault.LIE)
        posted = await place.platform.reply(await place.posting("Was it made?"))
        assert posted.outcome in (AttemptOutcome.UNKNOWN, AttemptOutcome.HANDED_OVER)

    @pytest.mark.parametrize("fault", list(Fault))
    async def test_whatever_happens_is_told_without_a_secret(
        self, place: Place, fault: Fault
    ) -> None:
        place.proxy.then(fault)
        place.proxy.release()
        told = repr(await place.platform.reply(await place.posting("Was it made?")))
        assert not [secret for secret in place.secrets if secret in told]

    @pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.REFUSE_AFTER])
    async def test_after_doubt_a_reply_that_was_made_is_found(
        self, place: Place, fault: Fault
    ) -> None:
        posting = await place.posting("Was  it made?\n")
        place.proxy.then(fault)
        await place.platform.reply(posting)
        found = await looked(place, posting)
        assert [normal(reply.text) for reply in found.replies] == ["Was  it made?"]

    @pytest.mark.parametrize("fault", [Fault.LOSE_REQUEST, Fault.REFUSE_BEFORE])
    async def test_after_doubt_a_reply_that_was_not_made_is_not_found(
        self, place: Place, fault: Fault
    ) -> None:
        posting = await place.posting("Was it made?")
        place.proxy.then(fault)
        await place.platform.reply(posting)
        assert (await looked(place, posting)).replies == ()

    async def test_reading_back_gives_what_the_answer_gave(self, place: Place) -> None:
        posting = await place.posting("Yes.")
        posted = await place.platform.reply(posting)
        found = (await looked(place, posting)).replies
        assert [(each.external_id, each.url) for each in found] == [
            (posted.external_id, posted.url)
        ]

    async def test_a_listing_that_failed_is_no_listing(self, place: Place) -> None:
        posting = await place.posting("Yes.")
        place.proxy.fails_reads = True
        assert await place.platform.read_back(posting) is None

    async def test_the_same_key_twice_makes_one_reply_where_that_is_promised(
        self, place: Place
    ) -> None:
        if place.platform.capabilities.idempotency != "key":
            pytest.skip("the platform keeps no idempotency key")
        posting = await place.posting("Once.")
        place.proxy.then(Fault.LOSE_ANSWER)
        posted = [await place.platform.reply(posting) for _ in range(2)]
        assert [each.outcome in MADE for each in posted] == [False, True]
        assert await place.standing() == ["Once."]

    async def test_two_keys_make_two_replies(self, place: Place) -> None:
        for key in ("key-1", "key-2"):
            assert is_made(await place.platform.reply(await place.posting("Again.", key=key)))
        assert await place.standing() == ["Again.", "Again."]

    async def test_a_text_beyond_the_limit_is_seen_before_the_call(self, place: Place) -> None:
        longest = "x" * place.platform.capabilities.text_max
        found = [
            await place.platform.preflight(await place.posting(text))
            for text in (longest, longest + "x")
        ]
        assert found == [Preflight.OK, Preflight.TOO_LONG]

    async def test_looking_before_the_call_never_invents_a_reason_not_to(
        self, place: Place
    ) -> None:
        posting = await place.posting("Yes.")
        await place.go_away()
        assert await place.platform.preflight(posting) is Preflight.OK

    async def test_a_comment_that_has_gone_is_seen_before_the_call(self, place: Place) -> None:
        posting = await place.posting("Yes.")
        if not place.platform.capabilities.reads_back:
            pytest.skip("the platform cannot be read")
        await place.remove_comment()
        assert await place.platform.preflight(posting) is Preflight.GONE


def an_attempt(
    text: str, *, key: str, comment_id: str, thread_id: str, root_id: str | None = None
) -> Posting:
    """One attempt to answer a comment, with all the time in the world."""
    return Posting(
        reply_id=ReplyId(uuid5(NAMESPACE_URL, key)),
        attempt=1,
        idempotency_key=key,
        text=text,
        comment_id=comment_id,
        thread_id=thread_id,
        root_id=root_id or comment_id,
        author_name="Ann",
        page_url=None,
        permalink=None,
        send_before=math.inf,
    )


async def looked(place: Place, posting: Posting) -> ReadBack:
    """A complete reading back; skips where the platform offers none."""
    found = await place.platform.read_back(posting)
    if not place.platform.capabilities.reads_back:
        assert found is None
        pytest.skip("the platform cannot be read back")
    assert found is not None
    assert found.is_complete
    return found


def is_made(posted: Posted) -> bool:
    return posted.outcome in MADE


def normal(text: str) -> str:
    """As delivery compares texts: one form of each letter, ends and line ends trimmed."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.strip() for line in lines).strip()

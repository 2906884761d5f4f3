"""A real Isso site, read and answered by a whole Responder."""

from responder.testing.caller import Caller
from responder.testing.isso import ELSEWHERE
from responder.testing.running import Running, eventually
from tests.e2e.isso.kit import Sites

EDITABLE_SECONDS = 900
"""Isso's default: no reply within that time from the network of the comment that is answered."""


async def test_a_question_among_many_replies_is_found_and_answered_once(
    sites: Sites, caller: Caller
) -> None:
    root = sites.blog.comment("/bread", "My first bread, and it rose.", ago=3000)
    for number in range(6):
        address = f"203.0.{number}.9"  # a network each: the guard counts by network
        said = f"Well done, number {number}!"
        sites.blog.comment("/bread", said, parent=root.id, address=address, ago=2000)
    asked = sites.blog.comment(
        "/bread", "How long does the dough rest?", parent=root.id, address=ELSEWHERE, ago=1500
    )
    arrived = await caller.arrived("How long does the dough rest?")
    assert arrived.source == "blog"
    assert arrived.comment.comment_id == asked.key
    assert arrived.comment.parent_id == root.key

    assert (await caller.approve(arrived, "About twelve hours, in the cold.")).status == 200
    answered = await caller.becomes(arrived, "answered")
    assert sites.blog.texts(root.id).count("About twelve hours, in the cold.") == 1
    assert answered.reply_url is not None
    assert "/bread#isso-" in answered.reply_url
    assert [each.outcome for each in answered.deliveries] == ["sent"]

    sites.blog.comment("/bread", "And who said so?", parent=root.id, address=ELSEWHERE)
    later = await caller.arrived("And who said so?")

    async def own_ones() -> list[str]:
        return [each.text for each in (await caller.read(later)).thread if each.is_own]

    assert await eventually(own_ones) == ["About twelve hours, in the cold."]
    everything = [await caller.queue(state) for state in ("open", "answered", "closed")]
    excerpts = [row.excerpt for shown in everything for row in shown.items]
    assert "About twelve hours, in the cold." not in excerpts


async def test_the_guards_no_means_later(sites: Sites, caller: Caller, responder: Running) -> None:
    sites.blog.move_clock(120)  # else the comments of other tests count against the two a minute
    asked = sites.blog.comment("/salt", "How much salt do you take for it?")  # our own address
    arrived = await caller.arrived("How much salt do you take for it?")
    await caller.approve(arrived, "Two per cent of the flour.")

    async def attempts() -> list[str | None]:
        return [each.outcome for each in (await caller.read(arrived)).deliveries]

    assert await eventually(attempts, lambda them: them not in ([], [None])) == ["throttled"]
    waiting = await caller.read(arrived)
    assert waiting.state == "sending"
    assert "edit time frame is still open" in waiting.deliveries[0].detail
    assert sites.blog.texts(asked.id) == []
    (paused,) = await responder.sql("SELECT count(*) FROM source_state WHERE paused > ''")
    assert paused[0] == 0
    (wait,) = await responder.sql(
        "SELECT extract(epoch FROM next_at - now()) FROM delivery_job WHERE reply_id = :id",
        id=waiting.reply_id,
    )
    assert 60 < wait[0] <= EDITABLE_SECONDS + 1

    sites.blog.move_clock(EDITABLE_SECONDS + 60)
    await responder.sql(
        "UPDATE delivery_job SET next_at = now() WHERE reply_id = :id", id=waiting.reply_id
    )
    await caller.becomes(arrived, "answered")
    assert sites.blog.texts(asked.id) == ["Two per cent of the flour."]


async def test_a_reply_that_the_site_holds_is_shown_as_held_until_it_stands(
    sites: Sites, caller: Caller
) -> None:
    asked = sites.held.comment(
        "/stone", "Which stone do you bake on?", address=ELSEWHERE, ago=EDITABLE_SECONDS + 60
    )
    sites.held.activate(asked.id)
    arrived = await caller.arrived("Which stone do you bake on?")
    await caller.approve(arrived, "On a slab of granite.")

    async def is_held() -> bool:
        return (await caller.read(arrived)).is_held_on_site

    await eventually(is_held)
    held = await caller.read(arrived)
    assert (held.state, held.is_handed_over) == ("sending", True)
    assert sites.held.texts(asked.id) == ["On a slab of granite."]

    (attempt,) = held.deliveries
    assert attempt.url is not None
    sites.held.activate(int(attempt.url.rpartition("#isso-")[2]))
    await caller.becomes(arrived, "answered", within=120)
    assert sites.held.texts(asked.id) == ["On a slab of granite."]

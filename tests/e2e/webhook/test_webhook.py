"""Sources that push, and take their replies by a signed webhook, or not at all."""

import re
from datetime import timedelta

import pytest

from responder.testing.caller import Caller, calling, now
from responder.testing.running import Running, eventually
from responder.testing.webhook_receiver import Manner, ToldReceiver, WebhookReceiver

pytestmark = pytest.mark.asyncio(loop_scope="module")  # the receiver lives there


async def test_a_receiver_that_names_the_reply_has_answered(
    receiver: WebhookReceiver, caller: Caller
) -> None:
    receiver.manner = Manner.WITH_ID
    await caller.push("forum-1", "Can I change my user name?", source="forum")
    arrived = await caller.arrived("Can I change my user name?")
    assert arrived.can_post
    await caller.approve(arrived, "You can, once a year.")
    answered = await caller.becomes(arrived, "answered")
    told = [each.text for each in receiver.received if each.comment_id == "forum-1"]
    assert told == ["You can, once a year."]
    assert answered.reply_id is not None
    assert answered.reply_url == f"https://forum.example/replies/reply_{answered.reply_id.hex}"


async def test_a_reply_that_was_only_taken_is_passed_on_until_its_receipt(
    receiver: WebhookReceiver, caller: Caller
) -> None:
    receiver.manner = Manner.WITHOUT_ID
    await caller.push("forum-2", "Can I change my picture?", source="forum")
    arrived = await caller.arrived("Can I change my picture?")
    await caller.approve(arrived, "As often as you like.")

    async def is_handed_over() -> bool:
        return (await caller.read(arrived)).is_handed_over

    await eventually(is_handed_over)
    waiting = await caller.read(arrived)
    assert (waiting.state, waiting.is_held_on_site) == ("sending", False)

    receipt = {
        "reply_id": str(waiting.reply_id),
        "thread_id": "forum-2",
        "comment_id": "forum-2-reply",
        "url": "https://forum.example/t/2#reply",
        "posted_at": now(),
    }
    assert (await caller.push_event("forum", "reply.posted.v1", receipt)).status == 202
    answered = await caller.becomes(arrived, "answered")
    assert answered.reply_url == "https://forum.example/t/2#reply"
    assert len([each for each in receiver.received if each.comment_id == "forum-2"]) == 1


async def test_the_echo_of_a_passed_on_reply_is_its_receipt_too(
    receiver: WebhookReceiver, caller: Caller
) -> None:
    receiver.manner = Manner.WITHOUT_ID
    await caller.push("forum-3", "Can I change my password?", source="forum")
    arrived = await caller.arrived("Can I change my password?")
    await caller.approve(arrived, "In your profile, any time.")

    async def is_handed_over() -> bool:
        return (await caller.read(arrived)).is_handed_over

    await eventually(is_handed_over)
    await caller.push(
        "forum-3-reply",
        "In your profile, any time.",
        source="forum",
        thread_id="forum-3",
        parent_id="forum-3",
        root_id="forum-3",
        author={"id": "us", "name": "The team"},
    )
    await caller.becomes(arrived, "answered")


async def test_a_receipt_of_another_source_answers_nothing(
    receiver: WebhookReceiver, caller: Caller
) -> None:
    receiver.manner = Manner.WITHOUT_ID
    await caller.push("forum-4", "Can I change my mind?", source="forum")
    arrived = await caller.arrived("Can I change my mind?")
    await caller.approve(arrived, "Always.")

    async def is_handed_over() -> bool:
        return (await caller.read(arrived)).is_handed_over

    await eventually(is_handed_over)
    reply_id = str((await caller.read(arrived)).reply_id)
    receipt = {"reply_id": reply_id, "thread_id": "forum-4", "comment_id": "forged"}
    pushed = await caller.push_event("shop", "reply.posted.v1", receipt)
    assert pushed.status == 202

    async def letters() -> int:
        return (await caller.queue()).balance.unreadable

    await eventually(letters)
    assert (await caller.read(arrived)).state == "sending"
    genuine = await caller.push_event("forum", "reply.posted.v1", receipt)
    assert genuine.status == 202
    await caller.becomes(arrived, "answered")


async def test_a_receiver_that_took_a_reply_and_denied_it_never_gets_a_second_one(
    receiver: WebhookReceiver, caller: Caller, responder: Running
) -> None:
    receiver.manner = Manner.WITH_ID
    receiver.lies.extend([500, 400])
    await caller.push("forum-5", "Can I change my language?", source="forum")
    arrived = await caller.arrived("Can I change my language?")
    await caller.approve(arrived, "In eleven ways.")
    doubtful = await caller.becomes(arrived, "delivery_unknown")
    assert [each.outcome for each in doubtful.deliveries] == ["unknown", "refused"]
    async with calling(responder) as person:
        await sign_in(person, responder)
        url = f"{responder.ready.console_url}/engagements/{arrived.id}"
        page = await person.ask("GET", url, headers={"Accept": "text/html"})
        assert "It may stand there: please look." in page.body
        assert "nothing was posted" not in page.body
        (tried,) = re.findall(r'name="attempts" value="(\d+)"', page.body)
        form = {"context": doubtful.context, "key": "again-1", "attempts": tried}
        origin = {"Origin": responder.ready.console_url}
        told = await person.ask("POST", url + "/send-again", data=form, headers=origin)
        assert told.status == 200, told.body
    await caller.becomes(arrived, "answered")
    assert list(receiver.replies.values()).count("In eleven ways.") == 1
    assert len({each.webhook_id for each in receiver.received if each.comment_id == "forum-5"}) == 1


async def sign_in(person: Caller, responder: Running) -> None:
    link = (await responder.command("user", "link", "Admin")).said
    await person.ask("POST", re.findall(r"http\S+/sign-in/\S+", link)[0])


async def test_a_step_of_a_clock_rings_the_pager_and_asks_a_person(
    pager: ToldReceiver, caller: Caller, responder: Running
) -> None:
    await caller.push("hotline-1", "Is the gas off?", source="hotline")
    arrived = await caller.arrived("Is the gas off?")

    async def is_told() -> bool:
        return bool(pager.told)

    await eventually(is_told)
    data = pager.told[0]["data"]
    assert (data["engagement_id"], data["step"], data["person"]) == (
        str(arrived.id),
        "ring",
        "admin",
    )
    async with calling(responder) as person:
        await sign_in(person, responder)
        url = f"{responder.ready.console_url}/queue?for=me"
        page = await person.ask("GET", url, headers={"Accept": "text/html"})
        assert "Is the gas off?" in page.body


async def test_what_nobody_answers_in_time_is_recorded_as_missed_within_five_seconds(
    caller: Caller, responder: Running
) -> None:
    await caller.push("hotline-2", "Is the water off?", source="hotline")
    arrived = await caller.arrived("Is the water off?")
    [[due]] = await responder.sql(
        """
        UPDATE engagement SET due_at = now() + interval '1 second' WHERE id = CAST(:id AS uuid)
        RETURNING due_at
        """,
        id=str(arrived.id),
    )
    missed = "SELECT settled_at FROM due_settled WHERE engagement_id = CAST(:id AS uuid)"

    async def is_recorded() -> bool:
        return bool(await responder.sql(missed, id=str(arrived.id)))

    await eventually(is_recorded)
    [[recorded]] = await responder.sql(missed, id=str(arrived.id))
    assert timedelta() <= recorded - due <= timedelta(seconds=5)


async def test_without_a_way_out_a_person_posts_the_text_and_says_where_it_stands(
    caller: Caller, responder: Running
) -> None:
    await caller.push("shop-1", "Do you have it in green?", source="shop")
    arrived = await caller.arrived("Do you have it in green?")
    assert not arrived.can_post
    async with calling(responder) as person:
        await sign_in(person, responder)
        url = f"{responder.ready.console_url}/engagements/{arrived.id}"
        page = await person.ask("GET", url, headers={"Accept": "text/html"})
        assert "/posted" in page.body
        form = {
            "context": arrived.context,
            "text": "We have it in green, too.",
            "url": "https://shop.example/green#answer",
            "key": "posted-1",
        }
        origin = {"Origin": responder.ready.console_url}
        told = await person.ask("POST", url + "/posted", data=form, headers=origin)
        assert told.status == 200, told.body
    answered = await caller.becomes(arrived, "answered")
    assert answered.reply_url == "https://shop.example/green#answer"
    status = responder.ready.console_url + "/status/shop/by-comment?comment_id=shop-1"
    receipt = (await caller.status(status, source="shop")).json()
    assert (receipt["status"], receipt["link"]) == ("answered", "https://shop.example/green#answer")

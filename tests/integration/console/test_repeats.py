"""What a browser's *Back* and a second press do: nothing goes out that was taken back."""

from responder.testing.console import ConsoleBench
from responder.testing.factories import comment
from tests.integration.console.kit import Reader

REPLY = "Yes, it does."
OTHER = "Yes, and without a network too."


async def test_back_after_an_undo_sends_nothing_says_so_and_keeps_the_text(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    page = await ana.open(f"/engagements/{await console.bench.id_of('c1')}")
    await ana.press(await ana.press(page, "Send reply", text=REPLY), "Undo")
    again = await ana.press(page, "Send reply", text=OTHER)  # the page that *Back* shows
    assert again.status == 409
    assert "taken back or stopped since; nothing was done now" in again.text
    assert again.form("Send reply").fields["text"] == OTHER
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.calls == 0
    await ana.press(again, "Send reply")
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == [OTHER]


async def test_back_after_an_undone_closing_closes_nothing(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    page = await ana.open(f"/engagements/{await console.bench.id_of('c1')}")
    closed = await ana.press(page, "Close without reply", reason="spam")
    await ana.press(closed, "Undo")
    again = await ana.press(page, "Close without reply", reason="spam")
    assert again.status == 409
    assert (await console.bench.item()).row.held is None


async def test_an_old_undo_takes_back_nothing_that_was_decided_since(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    page = await ana.open(f"/engagements/{await console.bench.id_of('c1')}")
    first = await ana.press(page, "Send reply", text=REPLY)
    again = await ana.press(first, "Undo")
    await ana.press(again, "Send reply", text="Yes, and offline too.")
    late = await ana.press(first, "Undo")
    assert late.status == 409
    assert "has decided since" in late.text
    await console.bench.release()
    await console.bench.deliver()
    assert console.bench.place.texts("c1") == ["Yes, and offline too."]


async def test_undo_pressed_twice_opens_the_comment_again(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    page = await ana.open(f"/engagements/{await console.bench.id_of('c1')}")
    sent = await ana.press(page, "Send reply", text=REPLY)
    await ana.press(sent, "Undo")
    twice = await ana.press(sent, "Undo")
    assert twice.status == 200
    assert twice.form("Send reply").fields["text"] == REPLY

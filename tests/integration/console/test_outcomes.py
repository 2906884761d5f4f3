"""What the page of a reply that is not through says: what is known, and when it goes on."""

from dataclasses import replace

import pytest

from responder.delivery.ports import AttemptOutcome, Capabilities
from responder.engagement.lifecycle import State
from responder.testing.console import ConsoleBench
from responder.testing.factories import comment
from responder.testing.place import OBEDIENT, Behaviour
from tests.integration.console.kit import Page, Reader

LATER = Behaviour(stores=False, answer=AttemptOutcome.THROTTLED, after_seconds=900)
REFUSAL = Behaviour(stores=False, answer=AttemptOutcome.REFUSED)
UNREACHABLE = Behaviour(stores=False, answer=AttemptOutcome.NOT_SENT)
UNCLEAR = Behaviour(answer=AttemptOutcome.UNKNOWN)
KEEPS_KEYS = replace(OBEDIENT, reads_back=False, idempotency="key")
A_WEEK = 7 * 86_400.0


async def sent(
    console: ConsoleBench,
    *script: Behaviour,
    to: Capabilities = OBEDIENT,
    within_seconds: float = 20.0,
) -> None:
    bench = console.bench
    bench.place.capabilities = to
    bench.place.will(script)
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    await bench.deliver(within_seconds=within_seconds)


async def page_of(console: ConsoleBench, reader: Reader) -> Page:
    return await reader.open(f"/engagements/{(await console.bench.item()).row.engagement_id}")


async def test_a_site_that_asks_to_wait_is_named_with_its_words_and_the_next_try(
    console: ConsoleBench, ana: Reader
) -> None:
    await sent(console, LATER)
    page = await page_of(console, ana)
    assert "Garden guestbook asks us to wait" in page.text
    assert "as the script says" in page.text
    assert "It is tried again in 15 min" in page.text


async def test_the_history_tells_once_why_a_reply_was_put_off(
    console: ConsoleBench, ana: Reader
) -> None:
    await sent(console, *[LATER] * 5, within_seconds=3000)
    page = await page_of(console, ana)
    assert page.text.count("Put off") == 1
    told = page.text.partition("Put off")[2]
    assert "the site asked us to wait" in told
    assert "as the script says" in told
    await console.bench.audited()


async def test_what_is_asked_again_under_its_key_is_not_just_on_its_way(
    console: ConsoleBench, ana: Reader
) -> None:
    await sent(console, UNCLEAR, to=KEEPS_KEYS, within_seconds=1)
    page = await page_of(console, ana)
    assert "No clear answer yet" in page.text
    assert "It may stand there already" in page.text


async def test_a_place_that_cannot_be_reached_is_named_with_the_next_try(
    console: ConsoleBench, ana: Reader
) -> None:
    await sent(console, *[UNREACHABLE] * 3, within_seconds=60)
    assert "Garden guestbook could not be reached" in (await page_of(console, ana)).text


@pytest.mark.parametrize(
    ("script", "place", "words"),
    [
        ([REFUSAL], OBEDIENT, "It was read back and is not there: nothing was posted."),
        ([REFUSAL], KEEPS_KEYS, "It cannot be read back: its word is all that is known."),
        ([UNREACHABLE] * 8, OBEDIENT, "it was looked for and is not there"),
        ([UNREACHABLE] * 8, KEEPS_KEYS, "No try got through: nothing was posted."),
        ([LATER] * 200, OBEDIENT, "It says that it took nothing."),
    ],
)
async def test_a_failure_claims_no_more_than_is_known(
    console: ConsoleBench, ana: Reader, script: list[Behaviour], place: Capabilities, words: str
) -> None:
    await sent(console, *script, to=place, within_seconds=A_WEEK)
    page = await page_of(console, ana)
    assert page.has_button("Back to the editor")
    assert words in page.text
    assert ("read back and is not there" in page.text) is (words.startswith("It was read back"))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([UNCLEAR, REFUSAL], "when it was sent once more, the site said no"),
        ([UNCLEAR, *[UNREACHABLE] * 9], "after that the site could not be reached"),
        ([UNCLEAR] * 9, "no answer said whether it arrived"),
    ],
)
async def test_a_doubt_says_what_is_known_and_offers_no_editor(
    console: ConsoleBench, ana: Reader, script: list[Behaviour], words: str
) -> None:
    await sent(console, *script, to=KEEPS_KEYS, within_seconds=A_WEEK)
    page = await page_of(console, ana)
    assert words in page.text
    assert "It may stand there: please look." in page.text
    assert "nothing was posted" not in page.text
    assert not page.has_button("Back to the editor")
    await ana.press(page, "It is not there: send it again")
    await console.bench.deliver()
    assert (await console.bench.item()).row.state is State.ANSWERED
    assert console.bench.place.texts("c1") == ["Yes, it does."]

"""The connected places: what an operator needs to hand to a sender, and why pushes were refused."""

from responder.access.model import Role
from responder.adapters.postgres.audit import ReceivedIds
from responder.adapters.postgres.sources import RefusalRows
from responder.intake.ports import Reason, Refusal
from responder.testing.console import ADDRESS_TOKEN, ConsoleBench
from responder.testing.factories import PLACE, comment, event
from responder.web.console.words import CAUSES
from tests.integration.console.kit import Reader


async def test_the_sources_page_names_an_id_that_two_pushes_used(
    console: ConsoleBench, ana: Reader
) -> None:
    assert "another push had used" not in (await ana.open("/sources")).text
    twice = [comment(body, delivery_id="m-17", body_sha256=body * 64) for body in "ab"]
    await ReceivedIds(console.bench.engine).record(
        [(event(each), each, "engagement.received", 0, 0) for each in twice]
    )
    page = await ana.open("/sources")
    assert "1 push came under an id that another push had used. Nothing was lost" in page.text
    assert "m-17" in (await ana.open("/sources/garden")).text


async def test_the_page_of_a_source_says_where_its_pushes_go_and_where_the_secret_is(
    ana: Reader,
) -> None:
    assert "/sources/garden" in (await ana.open("/sources")).links
    page = await ana.open("/sources/garden")
    assert f"http://127.0.0.1/in/garden/{ADDRESS_TOKEN}" in page.html
    assert "signed with the secret in /data/secrets/garden.webhook-secret" in page.text
    assert "responder source check garden" in page.text
    assert ADDRESS_TOKEN not in (await ana.open("/sources")).html


async def test_the_address_of_a_source_is_for_admins(
    console: ConsoleBench, stranger: Reader
) -> None:
    bea = await console.person("Bea", Role.APPROVER)
    await stranger.sign_in(await console.link(bea))
    page = await stranger.open("/sources/garden")
    assert page.status == 200
    assert ADDRESS_TOKEN not in page.html
    assert "An admin sees here" in page.text


async def test_the_page_of_a_source_gives_the_true_causes_of_its_refusals_in_words(
    console: ConsoleBench, ana: Reader
) -> None:
    assert "No push was refused." in (await ana.open("/sources/garden")).text
    at = console.bench.clock.now()
    await RefusalRows(console.bench.engine).store(
        [
            Refusal(source=PLACE.id, reason=reason, detail=f"so said {number}", at=at)
            for number, reason in enumerate(Reason)
        ]
    )
    shown = (await ana.open("/sources/garden")).text
    for number, reason in enumerate(Reason):
        assert f"{CAUSES[reason]} so said {number}" in shown
    last = list(Reason)[-1]
    assert f"{len(Reason)} pushes were refused" in (await ana.open("/sources")).text
    assert CAUSES[last] in (await ana.open("/sources")).text


async def test_a_source_that_is_not_there_is_not_found(ana: Reader) -> None:
    assert (await ana.open("/sources/nowhere")).status == 404

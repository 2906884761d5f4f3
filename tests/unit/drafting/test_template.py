"""What the template writer says, and when it says nothing."""

import pytest

from responder.adapters.models.language import Py3LangidDetector
from responder.drafting.phrases import PHRASES
from responder.drafting.ports import DraftRefused
from responder.drafting.template import TemplateDraftWriter
from responder.engagement.model import Intent, Motive, NeedsReply, Page, SourceId
from responder.engagement.workspace import Knowledge, Source, Voice
from responder.testing.drafting import OFFLINE, draft_request, said, understood

GERMAN = Knowledge(
    id="leim",
    title="Unser Leim",
    text="Der Leim ist wasserfest, sobald er einen Tag getrocknet ist. Er enthält kein Lösungsmittel.",
    url="https://arbor.example/leim",
    language="de",
)
SPANISH = Knowledge(
    id="madera",
    title="La madera",
    text="La madera viene de un bosque a veinte kilómetros del taller. Se seca durante dos años.",
    language="es",
)
FRENCH = Knowledge(
    id="couvercle",
    title="Le couvercle",
    text="Le couvercle va aussi sur l'ancien bocal. Il faut seulement changer le joint.",
    language="fr",
)


@pytest.fixture(scope="module")
def detector() -> Py3LangidDetector:
    return Py3LangidDetector()


@pytest.fixture
def writer(detector: Py3LangidDetector) -> TemplateDraftWriter:
    return TemplateDraftWriter(
        knowledge=[OFFLINE, GERMAN, SPANISH, FRENCH], voice=Voice(), detector=detector
    )


async def test_the_answer_is_quoted_word_for_word_with_its_address(
    writer: TemplateDraftWriter,
) -> None:
    proposal = await writer.write(draft_request())
    (passage,) = proposal.provenance.passages
    assert passage.quote in OFFLINE.text
    assert passage.quote in proposal.text
    assert OFFLINE.url is not None
    assert OFFLINE.url in proposal.text
    assert proposal.provenance.gives == ("answer", "source")


@pytest.mark.parametrize(
    ("text", "language", "quote"),
    [
        ("Ist der Leim eigentlich wasserfest?", "de", "Der Leim ist wasserfest"),
        ("¿De dónde viene la madera del taller?", "es", "La madera viene de un bosque"),
        ("Le couvercle va-t-il sur l'ancien bocal ?", "fr", "Le couvercle va aussi"),
    ],
)
async def test_a_reply_is_in_the_comments_language(
    writer: TemplateDraftWriter, text: str, language: str, quote: str
) -> None:
    proposal = await writer.write(draft_request(text, understanding=understood(language=language)))
    assert quote in proposal.text
    assert any(closing in proposal.text for closing in PHRASES[language].closings)


async def test_the_comments_own_page_comes_first(writer: TemplateDraftWriter) -> None:
    page = Page(
        url="https://arbor.example/planner",
        title="The planner",
        text="We built it last year. The planner works offline in a tent, too. It is green.",
    )
    proposal = await writer.write(draft_request(said("Does the planner work offline?", page=page)))
    assert "in a tent" in proposal.text


async def test_knowledge_for_another_place_is_not_used(detector: Py3LangidDetector) -> None:
    elsewhere = Knowledge(id="x", title="Planner", text=OFFLINE.text, sources=frozenset({"forum"}))
    writer = TemplateDraftWriter(knowledge=[elsewhere], voice=Voice(), detector=detector)
    with pytest.raises(DraftRefused) as refused:
        await writer.write(draft_request())
    assert refused.value.reason == "no_knowledge"
    forum = Source(id=SourceId("forum"), platform="webhook", title="Forum")
    assert "offline" in (await writer.write(draft_request(source=forum))).text


async def test_thanks_and_praise_need_no_knowledge_and_ask_nothing(
    writer: TemplateDraftWriter,
) -> None:
    for intent in (Intent.THANKS, Intent.PRAISE):
        for language in PHRASES:
            thanked = understood(
                intent,
                language=language,
                motive=Motive.TO_THANK,
                needs_reply=NeedsReply.OPTIONAL,
            )
            proposal = await writer.write(draft_request("Thanks!", understanding=thanked))
            assert proposal.provenance.gives == ("thanks",)
            assert "?" not in proposal.text


async def test_every_phrase_passes_the_checks_with_every_motive(
    writer: TemplateDraftWriter,
) -> None:
    texts = {
        "en": "Does the planner work offline, without a connection?",
        "de": "Ist der Leim eigentlich wasserfest?",
        "es": "¿De dónde viene la madera del taller?",
        "fr": "Le couvercle va-t-il sur l'ancien bocal ?",
    }
    for language, text in texts.items():
        for motive in Motive:
            for number in range(8):
                meant = understood(language=language, motive=motive)
                request = draft_request(text, understanding=meant, number=number)
                assert all(passed for _, passed in (await writer.write(request)).provenance.checks)


async def test_neighbours_read_differently(writer: TemplateDraftWriter) -> None:
    texts = {(await writer.write(draft_request(number=n))).text for n in range(20)}
    assert len(texts) > 1


async def test_no_two_replies_in_a_thread_are_the_same(writer: TemplateDraftWriter) -> None:
    first = await writer.write(draft_request())
    ours = said(first.text, comment_id="r1", is_own=True)
    second = await writer.write(draft_request(branch=(ours,)))
    assert second.text != first.text


async def test_the_brand_speaks_in_its_own_voice(detector: Py3LangidDetector) -> None:
    voice = Voice(
        signature="The Arbor team", openings={"en": "Hello!"}, closings={"en": "Bye for now."}
    )
    writer = TemplateDraftWriter(knowledge=[OFFLINE], voice=voice, detector=detector)
    text = (await writer.write(draft_request())).text
    assert text.startswith("Hello!")
    assert "Bye for now." in text
    assert text.endswith("The Arbor team")


async def test_where_little_room_is_the_answer_stands_alone(writer: TemplateDraftWriter) -> None:
    proposal = await writer.write(draft_request(limit=75))
    assert proposal.text == "The planner works offline once a garden has been opened on the device."


async def test_an_unknown_language_is_taken_from_what_stands_around(
    writer: TemplateDraftWriter,
) -> None:
    unknown = understood(language="und")
    quoting = await writer.write(draft_request("Leim wasserfest?", understanding=unknown))
    assert any(closing in quoting.text for closing in PHRASES["de"].closings)

    thanked = understood(Intent.THANKS, language="und", motive=Motive.TO_THANK)
    ours = said("Der Leim ist wasserfest, sobald er trocken ist.", comment_id="r", is_own=True)
    in_thread = await writer.write(draft_request("Danke!", understanding=thanked, branch=(ours,)))
    assert in_thread.text in PHRASES["de"].thanked

    page = Page(
        title="La cola del taller", text="La cola resiste el agua después de un día entero."
    )
    on_page = await writer.write(draft_request(said("Gracias!", page=page), understanding=thanked))
    assert on_page.text in PHRASES["es"].thanked


async def test_where_nothing_shows_a_language_the_default_one_is_used(
    detector: Py3LangidDetector,
) -> None:
    writer = TemplateDraftWriter(
        knowledge=[], voice=Voice(), detector=detector, default_language="fr"
    )
    thanked = understood(Intent.THANKS, language="und", motive=Motive.TO_THANK)
    proposal = await writer.write(draft_request("Merci", understanding=thanked))
    assert proposal.text in PHRASES["fr"].thanked


async def test_a_language_without_phrases_is_refused(writer: TemplateDraftWriter) -> None:
    with pytest.raises(DraftRefused) as refused:
        await writer.write(draft_request(understanding=understood(language="fi")))
    assert refused.value.reason == "wrong_language"


async def test_a_page_that_advertises_is_not_quoted(detector: Py3LangidDetector) -> None:
    page = Page(title="Planner", text="Order the planner now: offline use included, 20% off today!")
    writer = TemplateDraftWriter(knowledge=[], voice=Voice(), detector=detector)
    with pytest.raises(DraftRefused) as refused:
        await writer.write(draft_request(said("Does the planner work offline?", page=page)))
    assert refused.value.reason == "promotion"


async def test_a_page_with_planted_links_is_not_quoted(detector: Py3LangidDetector) -> None:
    page = Page(title="Planner", text="The planner works offline, see https://phish.example/x now.")
    writer = TemplateDraftWriter(knowledge=[], voice=Voice(), detector=detector)
    with pytest.raises(DraftRefused) as refused:
        await writer.write(draft_request(said("Does the planner work offline?", page=page)))
    assert refused.value.reason == "unsafe_output"


def test_every_language_has_a_phrase_for_every_motive() -> None:
    for phrases in PHRASES.values():
        assert set(phrases.openings) == set(Motive)
        assert all(phrases.openings.values())

"""What each check stops, and what it lets through."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.drafting.checks import Checks
from responder.drafting.guards import (
    citations,
    gives,
    grounding,
    language,
    leak,
    length,
    links,
    personal_data,
    promotion,
    sameness,
    size,
)
from responder.drafting.guards.draft import Draft, Sentence
from responder.drafting.ports import Passage
from responder.engagement.model import Intent

SOURCE = Passage(
    id="K1",
    title="Offline",
    quote="The planner works offline once a garden has been opened. It takes 3 minutes.",
    url="https://arbor.example/offline",
    sha256="0",
)


class SaysGerman:
    def detect(self, text: str) -> tuple[str, float]:
        return ("de" if " der " in text else "en"), 0.9


def draft(
    text: str,
    *,
    kind: str = "answer",
    cites: tuple[str, ...] = ("K1",),
    comment: str = "Does the planner work offline?",
    intents: frozenset[Intent] = frozenset({Intent.QUESTION}),
) -> Draft:
    return Draft(
        sentences=(Sentence(text=text, kind=kind, cites=cites),),
        text=text,
        language="en",
        limit=400,
        comment=comment,
        intents=intents,
        offered=(SOURCE,),
        secrets=("c0ffee", "badc0de"),
        instructions="You draft replies for the team and a person reads every draft before it is used",
    )


GOOD = draft("The planner works offline once a garden has been opened.")


def test_a_good_draft_passes_every_check_in_order() -> None:
    verdict = Checks(SaysGerman()).judge(GOOD)
    assert verdict.objection is None
    assert len(verdict.checks) == 11
    assert all(passed for _, passed in verdict.checks)


def test_judging_stops_at_the_first_objection() -> None:
    verdict = Checks(SaysGerman()).judge(draft("The code is c0ffee. Buy it now, 50% off!"))
    assert verdict.objection is not None
    assert verdict.objection.reason == "unsafe_output"
    assert verdict.checks[-1] == (leak.NAME, False)


@pytest.mark.parametrize(
    "text", ["", "  \n ", "a\u200bb", "a\u202eb", "a\x1b[0m", "a\ufe0fb", "\U000e0041"]
)
def test_hidden_characters_and_silence_are_stopped(text: str) -> None:
    assert size.check(draft(text)) is not None


@pytest.mark.parametrize(
    "text", ["Thank you \u2764\ufe0f", "\U0001f469\u200d\U0001f33e grows", "Straße, 東京", "a\nb"]
)
def test_emoji_and_every_script_are_visible(text: str) -> None:
    assert size.check(draft(text)) is None


def test_instructions_are_not_recited() -> None:
    assert leak.check(draft("As told, a person reads every draft before it is used, so relax."))
    assert leak.check(draft("A person reads every draft.")) is None
    assert leak.check(draft("it is C0FFEE"))


def test_a_quotation_stands_in_a_source() -> None:
    assert (
        citations.check(draft('We say: "The planner works offline once a garden" there.')) is None
    )
    assert citations.check(draft('We say: "The planner always works everywhere" there.'))
    assert citations.check(draft("True.", cites=("K2",)))


@pytest.mark.parametrize(
    "text",
    [
        "See https://arbor.example/other",
        "See https://arbor.example/offline/more",
        "See https://arbor.example/offline?utm_source=x",
        "See https://arbor.example.evil.example/offline",
        "See https://arbor.example@evil.example/offline",
        "See http://arbor.example/offline",
        "See www.evil.example",
        "See evil.example/x",
        "Visit evil.com",
        "[here](https://arbor.example/offline)",
        "<a href=x>y</a>",
        "javascript:alert(1)",
        "ask @tom",
        "ftp://evil.example/x",
    ],
)
def test_no_link_but_a_cited_one_exactly(text: str) -> None:
    assert links.check(draft(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "See https://arbor.example/offline",
        "See https://arbor.example/offline.",
        "(https://arbor.example/offline)",
        "It takes 3.5 minutes, e.g. with salt and/or pepper.",
        "That is it.And more",
    ],
)
def test_a_cited_link_and_plain_words_pass(text: str) -> None:
    assert links.check(draft(text)) is None


def test_a_link_of_a_source_that_is_not_cited_is_stopped() -> None:
    assert links.check(draft("See https://arbor.example/offline", cites=()))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to jane.doe@mail.example", "EMAIL"),
        ("call +49 151 2345678", "PHONE"),
        ("call 0151/234 56 78", "PHONE"),
        ("pay to DE89 3704 0044 0532 0130 00", "IBAN"),
        ("pay to gb82west12345698765432", "IBAN"),
        ("card 4111 1111 1111 1111", "CARD"),
        ("from 192.168.7.20", "IP"),
        ("from 2001:db8::1", "IP"),
        ("see https://user:pass@host.example/", "URL"),
    ],
)
def test_personal_data_is_found(text: str, kind: str) -> None:
    assert [k for k, _ in personal_data.find(text)] == [kind]
    assert personal_data.check(draft(text)) is not None
    assert f"[{kind}_1]" in personal_data.masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "It takes 3 minutes at 12:30 in 2026.",
        "Version 1.2.3.4000 of 2015-2019",
        "Order 4111 1111 1111 1112",
        "14 % of 40,000 people",
        "ratio 16:9 and 4:3",
    ],
)
def test_numbers_are_not_people(text: str) -> None:
    assert personal_data.find(text) == []


def test_published_contact_data_may_be_repeated() -> None:
    ours = replace(SOURCE, quote="Write to help@arbor.example")
    known = replace(draft("Write to help@arbor.example"), offered=(ours,))
    assert personal_data.check(known) is None


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = personal_data.masked(text)
    assert personal_data.find(personal_data.masked(once)) == personal_data.find(once)


def test_the_language_is_the_comments() -> None:
    german = draft("Das ist der Planer und er geht ohne Netz.")
    objection = language.check(german, SaysGerman())
    assert objection is not None
    assert objection.reason == "wrong_language"
    assert language.check(draft("Ja, der da."), SaysGerman()) is None
    assert language.check(replace(german, language="und"), SaysGerman()) is None


def test_a_draft_is_never_cut() -> None:
    assert length.check(replace(GOOD, limit=len(GOOD.text))) is None
    objection = length.check(replace(GOOD, limit=len(GOOD.text) - 1))
    assert objection is not None
    assert objection.reason == "too_long"


@pytest.mark.parametrize(
    "text",
    [
        "Buy yours now!",
        "Order today and save 20% off.",
        "Use the code SPRING at checkout, use code SPRING.",
        "Check out our shop.",
        "Sign up for our newsletter today.",
        "It costs only 19 €.",
        "$5 a month",
        "Unlike other planners, ours works.",
        "Jetzt bestellen und Rabatt sichern!",
        "Nur heute im Angebot.",
        "Besucht unseren Shop.",
        "¡Compra ahora con descuento!",
        "Achetez maintenant, code promo inclus.",
        "Profitez de nos soldes.",
        "See it #ad",
    ],
)
def test_nobody_is_sold_to_who_did_not_ask(text: str) -> None:
    assert promotion.check(draft(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        "The planner works offline.",
        "You can order the rows by date.",
        "Der Leim ist wasserfest.",
        "Thank you, we pass it on.",
        "Open the shop view and choose the bed.",
    ],
)
def test_help_is_no_promotion(text: str) -> None:
    assert promotion.check(draft(text)) is None


def test_who_asks_for_the_price_is_told_it() -> None:
    text = "It costs 19 €."
    assert promotion.check(draft(text, comment="How much is it?")) is None
    asked = frozenset({Intent.PURCHASE_INTEREST})
    assert promotion.check(draft(text, comment="I want one", intents=asked)) is None
    tagged = draft("See it #ad", comment="How much is it?")
    assert promotion.check(tagged) is not None


def test_figures_and_claims_need_a_source() -> None:
    assert grounding.check(GOOD) is None
    assert grounding.check(draft("The planner works offline in 3 minutes.")) is None
    assert grounding.check(draft("The planner works offline in 9 minutes."))
    assert grounding.check(draft("It was painted by sailors.", cites=()))
    assert grounding.check(draft("We hear you.", kind="empathy", cites=())) is None


def test_what_a_draft_gives_is_seen_in_it_not_claimed() -> None:
    assert gives.given(GOOD) == ("answer",)
    assert gives.given(draft("Open https://arbor.example/offline", kind="how_to")) == (
        "how_to",
        "source",
    )
    assert gives.check(draft("We hear you.", kind="empathy", cites=())) is not None
    assert gives.check(draft("Thank you!", kind="thanks", cites=())) is not None
    thanked = frozenset({Intent.THANKS})
    assert gives.given(draft("Thank you!", kind="thanks", cites=(), intents=thanked)) == ("thanks",)


def test_the_same_reply_is_not_given_twice() -> None:
    assert sameness.check(replace(GOOD, earlier=(f" {GOOD.text} ",)))
    assert sameness.check(replace(GOOD, earlier=("Another one.",))) is None

"""When a passage answers, and when it only shares words: then there is no suggestion yet."""

import pytest

from responder.drafting.knowledge import Library
from responder.engagement.model import Intent, Page
from responder.engagement.workspace import Knowledge
from responder.testing.drafting import draft_request, said, understood


def passage(name: str, text: str, *, language: str = "en") -> Knowledge:
    return Knowledge(id=name, title=name.replace("-", " "), text=text, language=language)


GARDEN = Library(
    [
        passage(
            "frost-warnings",
            "Frost warnings come two evenings before the frost. They are sent for the place of the"
            " garden, not for the place of the phone.",
        ),
        passage(
            "printing",
            "A plan can be printed or saved as PDF from the menu of the garden. The printed plan"
            " shows beds, paths and sowing dates.",
        ),
        passage(
            "sharing",
            "A garden can be shared with up to six people. Open the garden, choose Share, and send"
            " the link.",
        ),
    ]
)
BICYCLES = Library(
    [
        passage(
            "Opening-hours",
            "The workshop is open from Tuesday to Saturday, from ten to six. On Mondays we only"
            " hand out finished bicycles.",
        ),
        passage(
            "Inspection",
            "An inspection costs 60 euros and takes one day. We check brakes, gears, lights and"
            " tyres, and call you before we replace a part.",
        ),
        passage(
            "Rental",
            "We rent cargo bikes by the day. A cargo bike costs 35 euros a day, and a deposit of"
            " 100 euros. Helmets are free.",
        ),
        passage(
            "Used-bicycles",
            "Every used bicycle has new brakes and a warranty of one year. We buy bicycles that are"
            " not older than ten years.",
        ),
        passage(
            "Öffnungszeiten",
            "Die Werkstatt ist von Dienstag bis Samstag geöffnet, von zehn bis sechs.",
            language="de",
        ),
        passage(
            "Inspección",
            "Una revisión cuesta 60 euros y tarda un día. Revisamos frenos, cambios y luces.",
            language="es",
        ),
    ]
)
PAGE = Page(
    title="How to patch a tube",
    text=(
        "Take the wheel out and the tyre off on one side. Find the hole with water: bubbles show it."
        " Roughen the rubber, spread the glue thinly and wait for five minutes. Then press the"
        " patch on. Inflate the tube a little before you put it back."
    ),
)


def found(library: Library, text: str, intent: Intent, *, language: str = "en") -> list[str]:
    request = draft_request(
        said(text, page=PAGE if library is BICYCLES else None),
        understanding=understood(intent, language=language),
    )
    return [match.snippet.id for match in library.answers(request)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("When do the frost warnings come?", "frost-warnings"),
        ("How can I save the plan as a PDF?", "printing"),
        ("Does the printed plan show sowing dates?", "printing"),
        ("How many people can share a garden?", "sharing"),
        ("We are four in the allotment. I wonder if we can share one garden.", "sharing"),
    ],
)
def test_a_passage_that_answers_is_offered(text: str, answer: str) -> None:
    assert found(GARDEN, text, Intent.QUESTION)[:1] == [answer]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("The frost warning came after the frost. I lost all my tomatoes.", Intent.COMPLAINT),
        ("I would love to see sowing dates for the southern hemisphere.", Intent.SUGGESTION),
        ("Do you have a garden in Hamburg that people can visit?", Intent.QUESTION),
        ("How do I delete my garden?", Intent.QUESTION),
        ("Why does the link in your mail not open on my phone?", Intent.QUESTION),
        ("The printed plan of my daughter's beds hangs in the kitchen.", Intent.OTHER),
    ],
)
def test_a_passage_that_only_shares_words_is_not(text: str, intent: Intent) -> None:
    assert found(GARDEN, text, intent) == []


def test_words_that_are_scattered_over_a_page_answer_nothing() -> None:
    filler = "Leaves fall and the wind takes them away again. " * 10
    apart = Page(text=f"Glue dries. {filler} Rubber is natural. {filler} Cork floats.")
    together = Page(text=f"{filler} Glue holds cork on rubber. {filler}")
    texts = [
        draft_request(said("Does glue hold cork on rubber?", page=p)) for p in (apart, together)
    ]
    assert [bool(Library([]).answers(each)) for each in texts] == [False, True]


ANSWERED = (
    ("en", "Are you open on Saturday?", "Opening-hours"),
    ("en", "Can I fetch my finished bicycle on a Monday?", "Opening-hours"),
    ("en", "What does an inspection cost?", "Inspection"),
    ("en", "Do you check the brakes during an inspection?", "Inspection"),
    ("en", "How much is it to rent a cargo bike for a day?", "Rental"),
    ("en", "Is there a deposit for the cargo bikes?", "Rental"),
    ("en", "Is there a warranty on used bicycles?", "Used-bicycles"),
    ("en", "Do you buy old bicycles?", "Used-bicycles"),
    ("en", "How long do I wait after spreading the glue?", "page:0"),
    ("en", "How do I find the hole in the tube?", "page:0"),
    ("de", "Ist die Werkstatt am Samstag geöffnet?", "Öffnungszeiten"),
    ("es", "¿Cuánto cuesta una revisión?", "Inspección"),
)
UNANSWERED = (
    ("en", "Do you have an old photo of the workshop on Monday mornings?"),
    ("en", "Can you teach my son to replace a chain?"),
    ("en", "Which tyres are best for gravel in winter?"),
    ("en", "Is the tower open to visitors in summer?"),
    ("en", "May I bring my dog into the workshop?"),
    ("en", "Do the euros of the deposit go to a charity?"),
    ("en", "Does the glue hurt the lungs of children?"),
    ("en", "Who painted the wheel above your door?"),
    ("en", "How many years have you been in this street?"),
    ("en", "Do you sell gift cards for ten euros?"),
    ("de", "Gibt es die Werkstatt auch in Leipzig?"),
    ("es", "¿Vendéis cascos para niños de un año?"),
)


def test_most_questions_that_a_passage_answers_find_it() -> None:
    right = [
        found(BICYCLES, text, Intent.QUESTION, language=language)[:1] == [answer]
        for language, text, answer in ANSWERED
    ]
    assert sum(right) >= 10


def test_few_questions_that_none_answers_are_given_one() -> None:
    wrong = [
        text
        for language, text in UNANSWERED
        if found(BICYCLES, text, Intent.QUESTION, language=language)
    ]
    assert len(wrong) <= 2


def test_a_writer_who_judges_is_given_also_what_is_only_near() -> None:
    request = draft_request(
        said("I would love to see sowing dates for the southern hemisphere."),
        understanding=understood(Intent.SUGGESTION),
    )
    assert GARDEN.answers(request) == []
    assert [match.snippet.id for match in GARDEN.near(request)] == ["printing"]

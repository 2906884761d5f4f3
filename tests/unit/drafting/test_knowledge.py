"""Which passage is found, and which sentences of it are quoted."""

from hypothesis import given
from hypothesis import strategies as st

from responder.drafting.knowledge import Library, excerpt, sentences, terms
from responder.engagement.legible import legible
from responder.engagement.model import Page
from responder.engagement.workspace import Knowledge
from responder.testing.drafting import OFFLINE, draft_request, said, understood


def passage(name: str, text: str, *, language: str | None = None) -> Knowledge:
    return Knowledge(id=name, title=name, text=text, language=language)


SHELF = Library(
    [
        OFFLINE,
        passage("soil", "The planner knows the soil of each bed. Enter it once in spring."),
        passage("print", "The planner prints beds on paper. Choose the size of the paper first."),
        passage("lid", "The lids fit every jar since 2015. Older jars need a rubber ring."),
    ]
)


def found(text: str, language: str = "en") -> list[str]:
    request = draft_request(text, understanding=understood(language=language))
    return [match.snippet.id for match in SHELF.answers(request)]


def test_rare_words_decide_between_passages_that_share_common_ones() -> None:
    assert found("How does the planner print my beds?")[0] == "print"
    assert found("Can the planner store the soil?")[0] == "soil"


def test_endings_do_not_hide_a_word() -> None:
    assert found("Does the lid fit on an older jar?") == ["lid"]


def test_accents_and_case_do_not_hide_a_word() -> None:
    assert terms("LÖSUNG", "de") == terms("losung", "de")
    assert terms("Préféré", "fr") == terms("prefere", "fr")


def test_what_nothing_answers_finds_nothing() -> None:
    assert found("Which bus goes to the harbour on Sundays?") == []
    assert found("???") == []
    assert found("The the the and of") == []


def test_one_shared_word_of_many_is_no_answer() -> None:
    assert found("My planner arrived broken, the charger is missing and nobody replies") == []


def test_a_long_comment_still_finds_its_passage() -> None:
    text = (
        "We spent a long weekend in the mountains with friends, without any reception at all, and"
        " everybody wanted to see my garden. I wonder if the planner works offline on a device"
        " that has never had a connection before, or whether I have to open something first."
    )
    assert found(text)[0] == "offline"


def test_a_passage_in_another_language_is_not_offered() -> None:
    shelf = Library([passage("de", "planner work offline connection", language="de")])
    assert shelf.answers(draft_request()) == []
    unknown = draft_request(understanding=understood(language="und"))
    assert shelf.answers(unknown)


def test_a_name_in_the_comment_is_not_looked_for() -> None:
    shelf = Library([passage("a", "Annabel Thornquist planted the first tree.")])
    assert shelf.answers(draft_request("Annabel Thornquist was here")) == []


def test_an_excerpt_is_one_to_three_sentences_that_answer() -> None:
    (match, *_) = SHELF.answers(draft_request())
    quote = excerpt(match, "en", limit=300)
    assert quote is not None
    assert quote in OFFLINE.text
    assert "offline" in quote
    assert "Pictures" not in quote


def test_an_excerpt_that_would_have_to_be_cut_is_none() -> None:
    (match, *_) = SHELF.answers(draft_request())
    assert excerpt(match, "en", limit=20) is None


def test_a_long_page_is_searched_in_blocks() -> None:
    filler = "Leaves fall in autumn and are swept up by the wind again. " * 200
    page = Page(title="Notes", text=f"{filler}The pump runs on two batteries. {filler}")
    matches = SHELF.answers(
        draft_request(said("How many batteries does the pump need?", page=page))
    )
    assert "two batteries" in matches[0].snippet.text
    assert len(matches[0].snippet.text) < 2000


@given(st.text(max_size=400))
def test_sentences_stand_in_the_text_word_for_word(text: str) -> None:
    visible = legible(text).text
    assert all(sentence and sentence in visible for sentence in sentences(text))


@given(st.text(max_size=300))
def test_any_comment_can_be_searched_for(text: str) -> None:
    for match in SHELF.answers(draft_request(text)):
        assert 0 < match.score <= 2

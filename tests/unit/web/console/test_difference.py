from hypothesis import given
from hypothesis import strategies as st

from responder.web.console.difference import WORDS_LIMIT, Piece, difference

words = st.lists(st.sampled_from(["one", "two", " ", "three", "\n", "!", "vier"])).map("".join)


@given(words, words)
def test_the_pieces_make_both_texts(before: str, after: str) -> None:
    pieces = difference(before, after)
    assert "".join(p.text for p in pieces if p.kind != "new") == before
    assert "".join(p.text for p in pieces if p.kind != "gone") == after


def test_a_changed_word_is_shown_inside_what_stayed() -> None:
    assert difference("It costs 5 euros", "It costs 50 euros") == (
        Piece("same", "It costs "),
        Piece("gone", "5"),
        Piece("new", "50"),
        Piece("same", " euros"),
    )


def test_texts_too_long_to_compare_are_shown_whole() -> None:
    before, after = "a " * WORDS_LIMIT, "b " * WORDS_LIMIT
    assert difference(before, after) == (Piece("gone", before), Piece("new", after))

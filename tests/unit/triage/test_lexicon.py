"""Signals are looked for only where they can begin, and all of them are found."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.engagement.legible import fold
from responder.triage.findings import LEXICONS
from responder.triage.lexicon.signals import Cue, Lexicon
from responder.triage.lexicon.starts import starts
from tests.unit.triage import held_out

TEXTS = [fold(text) for _, text, _ in (*held_out.GARDEN, *held_out.ELSEWHERE)]
WORDS = sorted({word for text in TEXTS for word in re.split(r"(\W)", text)})
lexicons = pytest.mark.parametrize("lexicon", LEXICONS.values(), ids=LEXICONS)


def cues(lexicon: Lexicon) -> set[Cue]:
    return {cue for some in lexicon.cues.values() for cue in some}


def spans(matches: Iterable[re.Match[str]]) -> list[tuple[int, int]]:
    return [match.span() for match in matches]


@lexicons
@given(text=st.lists(st.sampled_from(WORDS) | st.text(max_size=3)).map("".join))
def test_a_lexicon_finds_what_each_of_its_patterns_finds_alone(lexicon: Lexicon, text: str) -> None:
    together = list(lexicon.matches(text))
    for cue in cues(lexicon):
        assert spans(match for found, match in together if found is cue) == spans(
            cue.pattern.finditer(text)
        )


@lexicons
def test_real_comments_lose_no_signal(lexicon: Lexicon) -> None:
    for text in TEXTS:
        found = {(cue, match.span()) for cue, match in lexicon.matches(text)}
        alone = {
            (cue, match.span()) for cue in cues(lexicon) for match in cue.pattern.finditer(text)
        }
        assert found == alone


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("how|whatever", {"how", "whate"}),
        ("(?:i|we)(?:'d)? go", {"i'd g", "i go", "we'd ", "we go"}),
        ("[ab]c?de", {"acde", "ade", "bcde", "bde"}),
        ("ab+c", {"ab"}),
        (r"(?<!no )(?!yes)ok", {"ok"}),
        (r"\d+ days", {""}),
        ("[a-z]x", {""}),
        (r"no\w", {"no"}),
    ],
)
def test_a_beginning_ends_where_it_cannot_be_told(pattern: str, said: set[str]) -> None:
    assert starts(re.compile(pattern)) == said

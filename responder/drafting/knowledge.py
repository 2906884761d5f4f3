"""Which passage answers a comment: by shared words, the rare ones counting most.

The page under which the comment stands comes first, then what the operator wrote, restricted to
the comment's source. Scores compare passages for one comment; they mean nothing across comments.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from responder.drafting.ports import DraftRequest, Passage
from responder.drafting.stopwords import STOP_WORDS, stem
from responder.engagement.legible import fold, legible, words
from responder.engagement.model import Page
from responder.engagement.workspace import Knowledge

VERSION = "lexical/1"

_LINK_OR_HANDLE = re.compile(r"https?://\S+|www\.\S+|(?<!\w)@[\w.-]+")
_SENTENCE_END = re.compile(
    r"(?<=[.!?\u2026])[\"')\u201d\u00bb]*\s+(?=[\w\"'(\u201c\u00ab\u00bf\u00a1])|\n+"
)
_PAGE_LIMIT = 60_000
"""Characters of a page that are searched."""
_PAGE_WORDS = 120
_PAGE_FIRST = 1.25
_TITLE_WEIGHT = 0.5
_FLOOR = 0.34
"""Share of the comment's weight that a passage must cover, or nothing was found."""
_FEW_TERMS = 2
_TERMS_THAT_COUNT = 10
"""A long comment says much besides what it asks."""
_UNKNOWN = 0.4
"""A word that stands in no passage tells none apart, but shows that something is not covered."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage that may be quoted."""

    id: str
    title: str
    text: str
    url: str | None
    language: str | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def quoted(self, quote: str) -> Passage:
        return Passage(id=self.id, title=self.title, quote=quote, url=self.url, sha256=self.sha256)


@dataclass(frozen=True, slots=True)
class Match:
    snippet: Snippet
    score: float
    terms: frozenset[str]


class Library:
    """What the operator allows to be quoted, searched together with the comment's own page."""

    def __init__(self, knowledge: Sequence[Knowledge]) -> None:
        self._knowledge = tuple(knowledge)

    def search(self, request: DraftRequest, *, limit: int = 8) -> list[Match]:
        """The passages that answer best, best first; empty when none answers well enough."""
        language = request.understanding.language.value
        snippets = [*_page_snippets(request.comment.page), *self._for(request, language)]
        asked = _asked(request, language)
        weights = _weights([terms(f"{s.title} {s.text}", language) for s in snippets], asked)
        matches = (_match(s, asked, weights, language) for s in snippets)
        good = sorted((m for m in matches if m is not None), key=lambda m: (-m.score, m.snippet.id))
        return good[:limit]

    def _for(self, request: DraftRequest, language: str) -> Iterable[Snippet]:
        for each in self._knowledge:
            here = not each.sources or request.source.id in each.sources
            readable = each.language is None or language in {each.language, "und"}
            if here and readable:
                yield Snippet(each.id, each.title, each.text, each.url, each.language)


def terms(text: str, language: str) -> frozenset[str]:
    """The words that can tell passages apart, without endings."""
    return frozenset(
        stem(w, language) for w in words(fold(text)) if w not in STOP_WORDS and len(w) > 1
    )


def sentences(text: str) -> list[str]:
    return [s.strip() for s in _SENTENCE_END.split(legible(text).text) if s and s.strip()]


def excerpt(match: Match, language: str, *, limit: int, most: int = 3) -> str | None:
    """The 1-3 successive sentences that answer most, verbatim, within `limit` characters."""
    found = sentences(match.snippet.text)
    best, best_worth = None, 0.0
    for start in range(len(found)):
        for end in range(start + 1, min(start + most, len(found)) + 1):
            quote = " ".join(found[start:end])
            # A further sentence must earn its place: half a term at least.
            worth = len(terms(quote, language) & match.terms) - 0.5 * (end - start)
            if len(quote) <= limit and worth > best_worth:
                best, best_worth = quote, worth
    return best


def _page_snippets(page: Page | None) -> Iterable[Snippet]:
    if page is None or not page.text:
        return
    title = page.title or ""
    for number, text in enumerate(_blocks(page.text[:_PAGE_LIMIT])):
        yield Snippet(f"page:{number}", title, text, page.url, None)


def _blocks(text: str) -> Iterable[str]:
    """Whole sentences, about `_PAGE_WORDS` words each."""
    block: list[str] = []
    size = 0
    for sentence in sentences(text):
        block.append(sentence)
        size += len(sentence.split())
        if size >= _PAGE_WORDS:
            yield " ".join(block)
            block, size = [], 0
    if block:
        yield " ".join(block)


def _weights(passages: Sequence[frozenset[str]], asked: frozenset[str]) -> dict[str, float]:
    """Inverse document frequency: what stands everywhere says little."""
    seen = Counter(t for p in passages for t in p & asked)
    return {
        t: math.log(1 + (len(passages) + 1) / (seen[t] + 0.5)) * (1.0 if seen[t] else _UNKNOWN)
        for t in asked
    }


def _match(
    snippet: Snippet, asked: frozenset[str], weights: dict[str, float], language: str
) -> Match | None:
    in_text = terms(snippet.text, language) & asked
    in_title = (terms(snippet.title, language) & asked) - in_text
    needed = 1 if len(asked) <= _FEW_TERMS else _FEW_TERMS
    if not in_text or len(in_text | in_title) < needed:
        return None
    covered = sum(weights[t] for t in in_text) + _TITLE_WEIGHT * sum(weights[t] for t in in_title)
    most = sum(sorted(weights.values(), reverse=True)[:_TERMS_THAT_COUNT])
    score = min(covered / most, 1.0)
    if score < _FLOOR:
        return None
    is_page = snippet.id.startswith("page:")
    return Match(snippet, score * _PAGE_FIRST if is_page else score, in_text)


def _asked(request: DraftRequest, language: str) -> frozenset[str]:
    text = _LINK_OR_HANDLE.sub(" ", legible(request.comment.text).text)
    return terms(text, language) - terms(request.comment.author.name, language)

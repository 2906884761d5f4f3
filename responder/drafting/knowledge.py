"""Which passage answers a comment: by shared words, the rare ones counting most.

The page under which the comment stands comes first, then what the operator wrote, restricted to
the comment's source. A writer who judges (a model) is given what is near; a passage is quoted as an
answer only when most of what is asked stands in one place of it, since *no suggestion yet* and an open
editor are better than a sentence that happens to share words.
Scores compare passages for one comment; they mean nothing across comments.
"""

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from responder.drafting.ports import DraftRequest, Passage
from responder.drafting.stopwords import STEMMED, STOP_WORDS, stem
from responder.engagement.legible import fold, legible, words
from responder.engagement.model import Intent, Page
from responder.engagement.workspace import Knowledge

VERSION = "lexical/2"

_LINK_OR_HANDLE = re.compile(r"https?://\S+|www\.\S+|(?<!\w)@[\w.-]+")
_SENTENCE_END = re.compile(
    r"(?<=[.!?\u2026])[\"')\u201d\u00bb]*\s+(?=[\w\"'(\u201c\u00ab\u00bf\u00a1])|\n+"
)
_PAGE_LIMIT = 60_000
"""Characters of a page that are searched."""
_PAGES_KEPT = 16
"""Many comments under one page come together."""
_PAGE_WORDS = 120
_PAGE_FIRST = 1.25
_TITLE_WEIGHT = 0.5
_NEAR = 0.1
"""Share of the question's weight that a passage must cover to be worth a look."""
_FLOOR = 0.48
"""The share at which it answers by itself."""
_UNASKED_FLOOR = 0.7
"""Where nothing is asked, a passage seldom answers: who lost a harvest wants no manual."""
_ASKING = re.compile(
    r"[?\uff1f]|\b(?:wonder\w*|whether|like to know|ob|frage mich|saber si|me pregunto|savoir si|je me demande)\b"
)
_ASKS = frozenset({Intent.QUESTION, Intent.PURCHASE_INTEREST})
_FEW_TERMS = 2
_PLACE = 400
"""Characters within which an answer stands."""
_TERMS_THAT_COUNT = 10
"""A long comment says much besides what it asks."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage that may be quoted."""

    id: str
    title: str
    text: str
    url: str | None
    language: str | None
    _readings: dict[str, "_Reading"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def quoted(self, quote: str) -> Passage:
        return Passage(id=self.id, title=self.title, quote=quote, url=self.url, sha256=self.sha256)

    def read(self, language: str) -> "_Reading":
        """As a comment in this language searches it; found once, since every comment asks."""
        endings = language if language in STEMMED else ""
        reading = self._readings.get(endings)
        if reading is None:
            reading = self._readings[endings] = _Reading.of(self, endings)
        return reading


@dataclass(frozen=True, slots=True)
class _Reading:
    """A passage in the terms of one language."""

    in_title: frozenset[str]
    in_text: frozenset[str]
    everywhere: frozenset[str]
    sentences: tuple[tuple[str, frozenset[str]], ...]

    @classmethod
    def of(cls, snippet: Snippet, language: str) -> Self:
        in_title, in_text = terms(snippet.title, language), terms(snippet.text, language)
        said = tuple((each, terms(each, language)) for each in sentences(snippet.text))
        return cls(in_title, in_text, in_title | in_text, said)


@dataclass(frozen=True, slots=True)
class Match:
    snippet: Snippet
    covered: float
    """Share of the question's weight, 0 to 1."""
    terms: frozenset[str]

    @property
    def score(self) -> float:
        """The page under which the comment stands goes first."""
        return self.covered * (_PAGE_FIRST if self.snippet.id.startswith("page:") else 1.0)


class Library:
    """What the operator allows to be quoted, searched together with the comment's own page."""

    def __init__(self, knowledge: Sequence[Knowledge]) -> None:
        self._shelf = tuple(
            (each, Snippet(each.id, each.title, each.text, each.url, each.language))
            for each in knowledge
        )

    def near(self, request: DraftRequest, *, limit: int = 8) -> list[Match]:
        """The passages that may help a writer who judges them, best first."""
        question, snippets = self._asked(request)
        return _best((question.near(snippet) for snippet in snippets), limit)

    def answers(self, request: DraftRequest, *, limit: int = 8) -> list[Match]:
        """The passages that answer as they stand, best first; empty when the evidence is thin."""
        question, snippets = self._asked(request)
        return _best((question.answered_by(snippet) for snippet in snippets), limit)

    def _asked(self, request: DraftRequest) -> tuple["_Question", list[Snippet]]:
        language = request.understanding.language.value
        page = request.comment.page
        beside = _page_snippets(page) if page is not None and page.text else ()
        snippets = [*beside, *self._for(request, language)]
        return _Question.of(request, snippets), snippets

    def _for(self, request: DraftRequest, language: str) -> Iterable[Snippet]:
        for each, snippet in self._shelf:
            here = not each.sources or request.source.id in each.sources
            readable = each.language is None or language in {each.language, "und"}
            if here and readable:
                yield snippet


def terms(text: str, language: str) -> frozenset[str]:
    """The words that can tell passages apart, without endings."""
    return _terms(fold(text), language)


def _terms(folded: str, language: str) -> frozenset[str]:
    return frozenset(stem(w, language) for w in words(folded) if w not in STOP_WORDS and len(w) > 1)


def sentences(text: str) -> list[str]:
    return [s.strip() for s in _SENTENCE_END.split(legible(text).text) if s and s.strip()]


def excerpt(match: Match, language: str, *, limit: int, most: int = 3) -> str | None:
    """The 1-3 successive sentences that answer most, verbatim, within `limit` characters."""
    quote, _ = _excerpt(match, language, limit=limit, most=most)
    return quote


def _excerpt(
    match: Match, language: str, *, limit: int, most: int = 3
) -> tuple[str | None, frozenset[str]]:
    """Also which of the match's terms stand in it."""
    said = match.snippet.read(language).sentences
    best, best_terms, best_worth = None, frozenset[str](), 0.0
    for start in range(len(said)):
        shared = frozenset[str]()
        for end in range(start + 1, min(start + most, len(said)) + 1):
            shared |= said[end - 1][1] & match.terms
            # A further sentence must earn its place: half a term at least.
            worth = len(shared) - 0.5 * (end - start)
            if worth <= best_worth:
                continue
            quote = " ".join(sentence for sentence, _ in said[start:end])
            if len(quote) <= limit:
                best, best_terms, best_worth = quote, shared, worth
    return best, best_terms


@lru_cache(maxsize=_PAGES_KEPT)
def _page_snippets(page: Page) -> tuple[Snippet, ...]:
    title = page.title or ""
    blocks = _blocks((page.text or "")[:_PAGE_LIMIT])
    return tuple(
        Snippet(f"page:{number}", title, text, page.url, None) for number, text in enumerate(blocks)
    )


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


@dataclass(frozen=True, slots=True)
class _Question:
    """What a comment asks, and how much each of its words says."""

    weights: Mapping[str, float]
    most: float
    """What the words that count weigh together."""
    language: str
    floor: float

    @classmethod
    def of(cls, request: DraftRequest, snippets: Sequence[Snippet]) -> Self:
        language = request.understanding.language.value
        passages = [snippet.read(language).everywhere for snippet in snippets]
        asks = _ASKS.intersection(request.understanding.intents)
        weights = _weights(passages, _asked(request, language))
        most = math.fsum(sorted(weights.values(), reverse=True)[:_TERMS_THAT_COUNT])
        return cls(weights, most, language, _FLOOR if asks else _UNASKED_FLOOR)

    def near(self, snippet: Snippet) -> Match | None:
        in_text = snippet.read(self.language).in_text & self.weights.keys()
        match = self._match(snippet, frozenset(in_text))
        return match if match.covered >= _NEAR else None

    def answered_by(self, snippet: Snippet) -> Match | None:
        """Words that are scattered over a passage answer nothing: they must stand in one place."""
        whole = self.near(snippet)
        if whole is None or whole.covered < self.floor:
            return None
        _, in_place = _excerpt(whole, self.language, limit=_PLACE)
        match = self._match(snippet, in_place)
        return match if match.covered >= self.floor else None

    def _match(self, snippet: Snippet, in_text: frozenset[str]) -> Match:
        in_title = (snippet.read(self.language).in_title & self.weights.keys()) - in_text
        needed = 1 if len(self.weights) <= _FEW_TERMS else _FEW_TERMS
        if not in_text or len(in_text | in_title) < needed:
            return Match(snippet, 0.0, in_text)
        covered = self._weight(in_text) + _TITLE_WEIGHT * self._weight(in_title)
        return Match(snippet, min(covered / self.most, 1.0), in_text)

    def _weight(self, found: Iterable[str]) -> float:
        return math.fsum(self.weights[each] for each in found)


def _best(matches: Iterable[Match | None], limit: int) -> list[Match]:
    good = sorted((m for m in matches if m), key=lambda m: (-m.score, m.snippet.id))
    return good[:limit]


def _weights(passages: Sequence[frozenset[str]], asked: frozenset[str]) -> dict[str, float]:
    """Inverse document frequency: what stands everywhere says little.

    What stands nowhere says most: an answer would have had to say it.
    """
    seen = Counter(t for p in passages for t in p & asked)
    return {t: math.log(1 + (len(passages) + 1) / (seen[t] + 0.5)) for t in asked}


def _asked(request: DraftRequest, language: str) -> frozenset[str]:
    """What is asked, where something is asked: the sentences around tell why, not what."""
    text = _LINK_OR_HANDLE.sub(" ", request.comment.text)
    name = terms(request.comment.author.name, language)
    questions = " ".join(s for s in map(fold, sentences(text)) if _ASKING.search(s))
    return (_terms(questions, language) - name) or (terms(text, language) - name)

"""Figures stand in a cited passage or in the comment, and the main claim has a source."""

import re

from responder.drafting.guards.draft import Draft, Objection, Sentence
from responder.engagement.legible import fold, words

NAME = "grounding/1"

_FREE = frozenset({"empathy", "question", "thanks"})
"""Kinds of sentence that claim nothing."""
_FIGURE = re.compile(r"\d+(?:[.,:/-]\d+)*")


def check(draft: Draft) -> Objection | None:
    claims = [s for s in draft.sentences if s.kind not in _FREE]
    if claims and all(s.text in unsupported(draft) for s in claims):
        return Objection("ungrounded", "Nothing we know supports what the draft says.")
    return None


def unsupported(draft: Draft) -> tuple[str, ...]:
    """Sentences that claim something no cited passage shows."""
    return tuple(s.text for s in draft.sentences if not _is_supported(s, draft))


def _is_supported(sentence: Sentence, draft: Draft) -> bool:
    cited = " ".join(
        f"{p.title} {p.quote} {p.url or ''}" for p in draft.offered if p.id in sentence.cites
    )
    figures = set(_FIGURE.findall(sentence.text))
    if not figures <= set(_FIGURE.findall(f"{cited} {draft.comment}")):
        return False
    if sentence.kind in _FREE:
        return True
    said = {w for w in words(fold(sentence.text)) if len(w) >= _LONG_WORD}
    known = {w[:_LONG_WORD] for w in words(fold(cited))}
    shared = [w for w in said if w[:_LONG_WORD] in known]
    return bool(sentence.cites) and (not said or len(shared) >= _SHARE * len(said))


_LONG_WORD = 4
_SHARE = 0.3

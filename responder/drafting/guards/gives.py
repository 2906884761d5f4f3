"""A draft gives something, and rules say what, whatever its writer claims."""

import re

from responder.drafting.guards.draft import Draft, Objection, Sentence
from responder.engagement.legible import fold
from responder.engagement.model import Intent

NAME = "gives/1"

_THANKS = re.compile(
    r"(?<!\w)(?:thank(?:s| you)?|glad|grateful|appreciate\w*|delighted|welcome|danke\w*|dank|freut|freuen|gern geschehen"
    r"|gracias|nos alegra\w*|alegramos|agradec\w+|de nada|merci|ravis?|ravie?s|remerci\w+|plaisir|de rien)(?!\w)"
)
_THANKED_FOR = frozenset(
    {
        Intent.THANKS,
        Intent.PRAISE,
        Intent.CORRECTION,
        Intent.SUGGESTION,
        Intent.SHARE,
        Intent.SMALL_TALK,
    }
)
_TEACHES = {"how_to": "how_to", "fix": "fix", "introduction": "introduction"}


def check(draft: Draft) -> Objection | None:
    if given(draft):
        return None
    return Objection("gives_nothing", "The draft gave no answer, no steps, no source, no thanks.")


def given(draft: Draft) -> tuple[str, ...]:
    """What the reader gets, in the order of the text, once each."""
    found = [g for s in draft.sentences for g in _given_by(s, draft)]
    return tuple(dict.fromkeys(found))


def _given_by(sentence: Sentence, draft: Draft) -> list[str]:
    given: list[str] = []
    cited = [p for p in draft.offered if p.id in sentence.cites]
    if cited and sentence.kind not in {"thanks", "empathy", "question", "source"}:
        given.append(_TEACHES.get(sentence.kind, "answer"))
    if any(p.url and p.url in sentence.text for p in cited):
        given.append("source")
    if _THANKS.search(fold(sentence.text)) and draft.intents & _THANKED_FOR:
        given.append("thanks")
    return given

"""Every citation names a passage that was offered, and what is quoted stands in it."""

import re

from responder.drafting.guards.draft import Draft, Objection
from responder.engagement.legible import fold, words

NAME = "citations/1"

_QUOTED = re.compile(
    r"[\"\u201c\u201e\u00ab]([^\"\u201c\u201d\u201e\u00ab\u00bb]{12,}?)[\"\u201d\u201c\u00bb]"
)


def check(draft: Draft) -> Objection | None:
    offered = {p.id for p in draft.offered}
    if any(c not in offered for s in draft.sentences for c in s.cites):
        return Objection("ungrounded", "The draft cited a source that does not exist.")
    sources = " ".join([*(f"{p.title} {p.quote}" for p in draft.offered), draft.comment])
    known = f" {' '.join(words(fold(sources)))} "
    for quote in _QUOTED.findall(draft.text):
        if f" {' '.join(words(fold(quote)))} " not in known:
            return Objection("ungrounded", "The draft quoted words that no source holds.")
    return None

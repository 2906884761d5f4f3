"""In which language to reply: the comment's own, else what stands around it, else the default.

A short *Danke!* shows no language; the thread or the page above it does. That is a prior for the
reply alone: it never becomes the comment's language.
"""

from responder.drafting.guards.language import LanguageDetector
from responder.drafting.ports import DraftRequest

UNDETERMINED = "und"

_ENOUGH = 2000
"""Characters that show a language."""


def reply_language(
    request: DraftRequest, detector: LanguageDetector, *, default: str, known: str = ""
) -> str:
    """`known` is what would be quoted."""
    language = request.understanding.language.value
    if language != UNDETERMINED:
        return language
    page = request.comment.page
    around = (
        " ".join(c.text for c in request.branch),
        (page.text or page.title or "") if page else "",
        known,
    )
    for text in around:
        found, _ = detector.detect(text[:_ENOUGH])
        if found != UNDETERMINED:
            return found
    return default

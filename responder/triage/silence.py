"""The rule `empty`: a name and no text."""

import re

from responder.engagement.legible import fold, words
from responder.triage.ports import Readable
from responder.triage.reading import Reading

MODEL = "empty/1"

_NOTHING = re.compile(r"[\s.,;:_\-\u2013\u2014\u2026*~'\"/\\|()\[\]{}<>=+&#@]*")


def is_empty(reading: Reading, readable: Readable) -> bool:
    """Nothing a reader sees, or nothing but the author's own name. A question mark is something."""
    if readable.has_attachments:
        return False
    if _NOTHING.fullmatch(reading.folded):
        return True
    name = words(fold(readable.author_name))
    return bool(name) and not reading.links and words(reading.folded) == name

"""A draft is a visible text of a sensible size: no hidden characters, no markup of terminals."""

from responder.drafting.guards.draft import Draft, Objection
from responder.engagement.legible import invisible

NAME = "visible/1"

_JOINS_EMOJI = "\ufe0f\u200d"
_FIRST_PICTURE = "\u2190"


def check(draft: Draft) -> Objection | None:
    if not draft.text.strip():
        return Objection("invalid_output", "The draft was empty.")
    if invisible(_without_emoji_joiners(draft.text).replace("\n", " ")):
        return Objection("unsafe_output", "The draft held characters that no reader sees.")
    return None


def _without_emoji_joiners(text: str) -> str:
    """A joiner after a pictograph is how emoji are spelled; anywhere else it hides something."""
    kept: list[str] = []
    for before, character in zip(" " + text, text, strict=False):
        if character in _JOINS_EMOJI and (before >= _FIRST_PICTURE or before in _JOINS_EMOJI):
            continue
        kept.append(character)
    return "".join(kept)

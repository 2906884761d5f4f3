"""A draft is in the comment's language, or in the one chosen for it."""

from typing import Protocol

from responder.drafting.guards.draft import Draft, Objection

NAME = "language/1"

_ENOUGH_LETTERS = 20


class LanguageDetector(Protocol):
    def detect(self, text: str) -> tuple[str, float]:
        """BCP 47 primary tag and probability; `("und", p)` when too short or unsure."""


def check(draft: Draft, detector: LanguageDetector) -> Objection | None:
    said = " ".join(s.text for s in draft.sentences if s.kind != "source") or draft.text
    for passage in draft.cited:
        if passage.url:
            said = said.replace(passage.url, " ")
    if draft.language == "und" or sum(c.isalpha() for c in said) < _ENOUGH_LETTERS:
        return None
    found, _ = detector.detect(said)
    if found in {draft.language, "und"}:
        return None
    return Objection("wrong_language", f"The draft is in {found}, the comment in {draft.language}.")

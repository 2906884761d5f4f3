"""Nothing of the prompt stands in a draft: no canary, no nonce, no eight words in a row."""

from responder.drafting.guards.draft import Draft, Objection
from responder.engagement.legible import fold, words

NAME = "leak/1"

_RUN = 8


def check(draft: Draft) -> Objection | None:
    folded = fold(draft.text)
    if any(secret and fold(secret) in folded for secret in draft.secrets):
        return Objection("unsafe_output", "The draft repeated a secret of its instructions.")
    if _runs(draft.instructions) & _runs(draft.text):
        return Objection("unsafe_output", "The draft repeated its instructions.")
    return None


def _runs(text: str) -> set[tuple[str, ...]]:
    said = words(fold(text))
    return {tuple(said[i : i + _RUN]) for i in range(len(said) - _RUN + 1)}

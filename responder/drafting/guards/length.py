"""A draft fits where it goes. It is never cut: half a sentence helps nobody."""

from responder.drafting.guards.draft import Draft, Objection

NAME = "length/1"


def check(draft: Draft) -> Objection | None:
    if len(draft.text) <= draft.limit:
        return None
    return Objection(
        "too_long", f"The draft has {len(draft.text)} characters, {draft.limit} are possible."
    )

"""No two replies of ours in a thread are the same."""

from responder.drafting.guards.draft import Draft, Objection
from responder.engagement.text import is_same_reply

NAME = "sameness/1"


def check(draft: Draft) -> Objection | None:
    if any(is_same_reply(draft.text, earlier) for earlier in draft.earlier):
        return Objection("gives_nothing", "The same reply already stands in the thread.")
    return None

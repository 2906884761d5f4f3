"""What the judgements mean to each other: precedence of intents, and what each asks of us.

The values themselves are in `engagement/model.py`; this is the only place that relates them.
"""

from responder.engagement.model import Intent, NeedsReply

PRECEDENCE = (
    Intent.CRISIS,
    Intent.COMPLAINT,
    Intent.CORRECTION,
    Intent.QUESTION,
    Intent.PURCHASE_INTEREST,
    Intent.SUGGESTION,
    Intent.PARTNERSHIP,
    Intent.THANKS,
    Intent.PRAISE,
    Intent.SHARE,
    Intent.SMALL_TALK,
)
"""Who leads when two are about equally likely. `spam`, `abuse` and `other` stand alone."""

EXCLUSIVE = frozenset({Intent.SPAM, Intent.ABUSE, Intent.OTHER})
EQUAL_WITHIN = 0.1

_OPTIONAL = frozenset({Intent.PRAISE, Intent.THANKS, Intent.SHARE, Intent.SMALL_TALK})
_NOT_WANTED = frozenset({Intent.SPAM, Intent.ABUSE})


def needs_reply(intent: Intent) -> NeedsReply:
    """In doubt, somebody waits."""
    if intent in _NOT_WANTED:
        return NeedsReply.NO
    return NeedsReply.OPTIONAL if intent in _OPTIONAL else NeedsReply.YES


def leading(likely: dict[Intent, float]) -> Intent:
    """The most likely intent, and among about equals the one that must not be overlooked."""
    best = max(likely.values())
    equals = [i for i, p in likely.items() if p >= best - EQUAL_WITHIN]
    return min(equals, key=lambda i: PRECEDENCE.index(i) if i in PRECEDENCE else len(PRECEDENCE))

"""What is said of a reply that is not through: no more than is known, and when it goes on."""

from collections.abc import Mapping

from responder.engagement.lifecycle import State, Trigger
from responder.review.ports import Item

_ONE_UNCLEAR = "One answer did not say whether it arrived"
DOUBTS: Mapping[str, str] = {
    "no_clear_answer": "It was sent again and again under the same id, and no answer said whether it"
    " arrived.",
    "refused": f"{_ONE_UNCLEAR}, and when it was sent once more, the site said no.",
    "not_reachable": f"{_ONE_UNCLEAR}, and after that the site could not be reached.",
    "throttled": f"{_ONE_UNCLEAR}, and after that the site only asked us to wait.",
    "cannot_be_read_back": "The answer did not say whether it arrived, and the site could not be"
    " read to find out.",
    "listing_incomplete": "The answer did not say whether it arrived. It is not among the replies"
    " that the site lists, and the site does not list all of them.",
    "not_seen_in_time": "It was passed on, and nobody said in time that it stands on the site.",
    "no_way_out": f"{_ONE_UNCLEAR}, and there is no way to post there any more.",
    "thread_changed": f"{_ONE_UNCLEAR}. Before it was sent once more, the comment or its thread"
    " changed.",
    "deleted": f"{_ONE_UNCLEAR}. Before it was sent once more, the comment was deleted.",
    "gone": f"{_ONE_UNCLEAR}. Before it was sent once more, the comment was gone from the site.",
}
"""What is known of a reply that may stand there or not, by the reason that the doubt remained."""

_DOUBT = "The answer did not say whether it arrived."
LOOK = "It may stand there: please look. It is not sent again unless you say so."

FAILURES: Mapping[tuple[str, bool], str] = {
    ("refused", True): "The site said no. It was read back and is not there: nothing was posted.",
    ("refused", False): "The site said no. It cannot be read back: its word is all that is known.",
    ("not_sent", True): "No try got through. Where one might have, it was looked for and is not"
    " there: nothing was posted.",
    ("not_sent", False): "The site could not be reached. No try got through: nothing was posted.",
    ("throttled", True): "The site only asked us to wait. It says that it took nothing.",
    ("throttled", False): "The site only asked us to wait. It says that it took nothing.",
}
"""What is known of a reply that was not posted: by its last attempt, and whether it could be read back."""

WAITS: Mapping[str, str] = {
    "throttled": "{} asks us to wait",
    "unknown": "No clear answer yet from {}",
    "not_sent": "{} could not be reached",
}
"""Why a reply that is on its way waits, by its last attempt."""

_MAY_STAND = (
    "It may stand there already. The same is sent under the same id, so that a site that keeps ids"
    " takes it once."
)
_LOOKS = "It may stand there already. Responder looks before it does anything else."


def is_waiting(item: Item) -> bool:
    """On its way, and put off by what its last attempt met."""
    return item.row.state is State.SENDING and _last_outcome(item) in WAITS


def waiting(item: Item) -> str:
    """Why it waits, as a heading."""
    return WAITS[_last_outcome(item)].format(item.row.source_title)


def chance(item: Item) -> str | None:
    """That a reply which waits may stand there already, if it may."""
    if not any(attempt.outcome == "unknown" for attempt in item.deliveries):
        return None
    return _LOOKS if item.reads_back else _MAY_STAND


def next_step(item: Item) -> str:
    """What happens to a reply that waits, when its time has come."""
    is_looked_for = item.reads_back and _last_outcome(item) == "unknown"
    return "It is looked for" if is_looked_for else "It is tried again"


def doubt(item: Item) -> str:
    """What is known of a reply of which nobody knows whether it arrived."""
    reasons = (e.reason for e in reversed(item.history) if e.act == Trigger.IN_DOUBT)
    return DOUBTS.get(next(reasons, None) or "", _DOUBT)


def failure(item: Item) -> str:
    """What is known of a reply that could not be posted."""
    return FAILURES.get((_last_outcome(item), item.reads_back), "")


def _last_outcome(item: Item) -> str:
    return (item.deliveries[-1].outcome or "") if item.deliveries else ""

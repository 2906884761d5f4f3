"""The words for what the audit finds: on its page and in the terminal."""

from collections.abc import Mapping

from responder.audit.ports import Check, Facts, Finding
from responder.engagement.lifecycle import State
from responder.web.console.words import STATES

FOUND: Mapping[Check, str] = {
    Check.MISSING: "Missing",
    Check.STATE: "Not as the record says",
    Check.CHAIN: "The record of changes is broken",
    Check.COUNT: "Miscounted",
    Check.LOG: "The log began anew",
}
TO_DO: Mapping[Check, str] = {
    Check.MISSING: (
        "These came in, and there is no comment here that stands for them. Look whether somebody"
        " deleted them from the database, and put them back from a backup."
    ),
    Check.STATE: (
        "Somebody changed these past Responder. Open each, and see whether it stands where it"
        " should; the record says what was decided."
    ),
    Check.CHAIN: (
        "What stands before the first broken entry holds; from there on the record proves nothing."
        " Find out who had access to the database, and compare with a backup."
    ),
    Check.COUNT: (
        "Pages and metrics show a number that the comments do not bear out. Run: responder audit"
        " recount"
    ),
    Check.LOG: (
        "Its topic was emptied or made anew. What had come in there and nobody had read is gone;"
        " places that we read bring it again, others must send it again."
    ),
}


def finding(of: Finding) -> str:
    """One thing that does not hold, by its ids."""
    facts = of.facts
    match of.check:
        case Check.MISSING:
            return missing(facts)
        case Check.STATE if facts["state"] is None:
            return f"no comment {facts['engagement_id']}; {_recorded(facts)}"
        case Check.STATE:
            state = STATES[State(str(facts["state"]))]
            return f"{facts['source']} {facts['comment_id']}: “{state}”; {_recorded(facts)}"
        case Check.CHAIN:
            return f"entry {facts['number']}: {facts['what']}"
        case Check.COUNT:
            return f"{facts['what']}: {facts['kept']:,} kept, {facts['counted']:,} counted"
        case Check.LOG:
            return (
                f"the log {facts['topic']}/{facts['partition']} began anew at"
                f" {facts['offset']}; it had been read to {facts['read_to']}"
            )


def _recorded(facts: Facts) -> str:
    if facts["recorded"] is None:
        return "the record says nothing of it"
    return f"the record says “{STATES[State(str(facts['recorded']))]}”"


def missing(facts: Facts) -> str:
    """By its ids: those of the sender, and ours."""
    if facts["record_id"]:
        name = f"the unreadable record {facts['record_id']}"
    else:
        name = str(facts["comment_id"])
    return f"{facts['source'] or 'no source'} {name} ({facts['event_id'] or 'no event'})"

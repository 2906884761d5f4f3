"""Who meets whom: each story brings a comment to where it gets narrow, and lets people and stages go."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from responder.delivery.ports import AttemptOutcome
from responder.testing.interleaving import Act
from responder.testing.place import Behaviour
from tests.chaos.interleavings.case import Case, Lapsing, in_turn

SURE = Behaviour()
LOST = Behaviour(answer=AttemptOutcome.UNKNOWN)
NEVER = Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)
REFUSED = Behaviour(stores=False, answer=AttemptOutcome.REFUSED)
LYING = Behaviour(answer=AttemptOutcome.REFUSED)
UNREACHABLE = Behaviour(stores=False, answer=AttemptOutcome.NOT_SENT)


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    cast: Callable[[Case], Mapping[str, Act]]
    before: Callable[[Case], Iterable[Act]] = lambda _: ()
    decided: int | None = None
    """How many decisions hold whatever the order, where that is certain."""
    answers: Sequence[Behaviour] = (SURE, SURE, LOST, NEVER, REFUSED, LYING, UNREACHABLE)
    """What the place may do to each call."""
    lists: bool = True
    """Whether the place can be read back."""


def two_approve(case: Case) -> dict[str, Act]:
    return {
        "ana": in_turn(case.ana.looks, case.ana.approves),
        "ben": in_turn(case.ben.looks, case.ben.approves),
        "relay": in_turn(case.undo_time_passes, case.releases),
        "worker": case.delivers,
    }


def approve_and_dismiss(case: Case) -> Mapping[str, Act]:
    return {**two_approve(case), "ben": in_turn(case.ben.looks, case.ben.dismisses)}


def an_edit_between(case: Case) -> Mapping[str, Act]:
    return {**two_approve(case), "platform": case.edits}


def open_pages(case: Case) -> Iterable[Act]:
    return case.ana.looks, case.ben.looks


def stale_forms(case: Case) -> Mapping[str, Act]:
    return {
        "ana": case.ana.approves,
        "ben": case.ben.dismisses,
        "platform": case.writes_more,
        "relay": in_turn(case.undo_time_passes, case.releases),
    }


def held(case: Case) -> Iterable[Act]:
    return case.ana.looks, case.ana.approves, case.ben.looks, case.undo_time_passes


def undo_at_the_edge(case: Case) -> Mapping[str, Act]:
    return {
        "ana": case.ana.undoes,
        "ben": case.ben.undoes,
        "relay": case.releases,
        "worker": case.delivers,
    }


def undo_and_decide_anew(case: Case) -> Mapping[str, Act]:
    return {
        "ana": in_turn(case.ana.undoes, case.ana.approves),
        "ben": in_turn(case.ben.looks, case.ben.approves),
        "relay": case.releases,
        "worker": case.delivers,
    }


def released(case: Case) -> Iterable[Act]:
    return *held(case), case.releases


def voided_before_it_leaves(case: Case) -> Mapping[str, Act]:
    return {
        "worker": case.delivers,
        "platform": case.edits,
        "author": case.withdraws,
        "ben": case.ben.posts_by_hand,
    }


def answered_elsewhere(case: Case) -> Mapping[str, Act]:
    return {
        "relay": case.releases,
        "worker": case.delivers,
        "platform": case.answers_by_hand,
        "ana": case.ana.undoes,
    }


def a_draft_while_deciding(case: Case) -> Mapping[str, Act]:
    return {
        "drafter": case.drafts,
        "second drafter": case.drafts,
        "ana": in_turn(case.ana.looks, case.ana.approves, case.ana.undoes),
        "ben": in_turn(case.ben.looks, case.ben.dismisses),
        "platform": case.edits,
    }


def leases_lapse(case: Case) -> Iterable[Act]:
    case.delivery._work = Lapsing(case.delivery._work)
    return released(case)


def workers_that_are_too_slow(case: Case) -> Mapping[str, Act]:
    return {
        "worker": case.delivers,
        "second worker": case.delivers,
        "third worker": case.delivers,
        "platform": case.echoes,
    }


def posted(case: Case) -> Iterable[Act]:
    return *held(case), case.is_posted, case.ana.looks, case.ben.looks


def reopen_while_delivering(case: Case) -> Mapping[str, Act]:
    return {
        "ana": in_turn(case.ana.reopens, case.ana.looks, case.ana.approves),
        "ben": in_turn(case.ben.looks, case.ben.reopens),
        "relay": in_turn(case.undo_time_passes, case.releases),
        "worker": case.delivers,
        "platform": case.echoes,
    }


def in_doubt(case: Case) -> Iterable[Act]:
    return *held(case), case.is_posted, case.ana.looks_at_the_site, case.ben.looks_at_the_site


def two_settle_a_doubt(case: Case) -> Mapping[str, Act]:
    return {
        "ana": case.ana.settles_the_doubt,
        "ben": in_turn(case.ben.settles_the_doubt, *[case.delivers] * 3),
        "worker": in_turn(*[case.delivers] * 2),
    }


def other_terms_while_deciding(case: Case) -> Mapping[str, Act]:
    return {
        "operator": case.changes_the_terms,
        "ana": in_turn(case.ana.looks, case.ana.stops_the_clock, case.ana.approves),
        "ben": in_turn(case.ben.looks, case.ben.lets_the_clock_go_on, case.ben.dismisses),
        "platform": case.edits,
    }


def pressed_twice(case: Case) -> Mapping[str, Act]:
    return {
        "ana": case.ana.presses_twice,
        "ben": in_turn(case.ben.looks, case.ben.undoes),
        "relay": in_turn(case.undo_time_passes, case.releases),
        "worker": case.delivers,
    }


def dismissal_held(case: Case) -> Iterable[Act]:
    return case.ana.looks, case.ana.dismisses, case.ben.looks, case.undo_time_passes


def a_held_dismissal(case: Case) -> Mapping[str, Act]:
    return {
        "ana": case.ana.undoes,
        "ben": in_turn(case.ben.undoes, case.ben.approves),
        "relay": case.releases,
        "platform": case.edits,
    }


def withdrawn_while_deciding(case: Case) -> Mapping[str, Act]:
    return {**two_approve(case), "author": case.withdraws}


def two_comments(case: Case) -> Iterable[Act]:
    return (case.beside.arrives,)


def neighbours_in_one_thread(case: Case) -> Mapping[str, Act]:
    """An answer to one is no change for the other; what their author adds is one for both."""
    other = case.beside
    return {
        "ana": in_turn(case.ana.looks, case.ana.approves),
        "ben": in_turn(other.ben.looks, other.ben.approves),
        "relay": in_turn(case.undo_time_passes, case.releases),
        "worker": case.delivers,
        "platform": other.writes_more,
    }


STORIES = (
    Story("two approve", two_approve, decided=1),
    Story("one approves and one dismisses", approve_and_dismiss, decided=1),
    Story("an edit comes between", an_edit_between),
    Story("forms are stale", stale_forms, open_pages),
    Story("undo at the edge of release", undo_at_the_edge, held),
    Story("undo, and decided anew", undo_and_decide_anew, held),
    Story("voided before it leaves", voided_before_it_leaves, released),
    Story("answered elsewhere", answered_elsewhere, held),
    Story("a draft while deciding", a_draft_while_deciding),
    Story("workers that are too slow", workers_that_are_too_slow, leases_lapse),
    Story("reopened while delivering", reopen_while_delivering, posted),
    Story("two settle a doubt", two_settle_a_doubt, in_doubt, answers=(LOST, NEVER), lists=False),
    Story("other terms while deciding", other_terms_while_deciding),
    Story("pressed twice", pressed_twice),
    Story("a held dismissal", a_held_dismissal, dismissal_held),
    Story("withdrawn while deciding", withdrawn_while_deciding),
    Story("neighbours in one thread", neighbours_in_one_thread, two_comments),
)

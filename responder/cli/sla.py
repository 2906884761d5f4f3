"""`responder sla`: when answers are due, and why."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from cyclopts import Parameter

from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal
from responder.engagement.clock_words import moment
from responder.engagement.model import EngagementId

if TYPE_CHECKING:
    from responder.adapters.postgres.open_clocks import Effect
    from responder.engagement.workspace import Step

Comment = Annotated[
    UUID, Parameter(help="The id of the comment here: the last part of its address in the console.")
]
As = Annotated[
    str | None, Parameter(name="--as", help="Who you are, when several people may do this.")
]
Because = Annotated[
    str,
    Parameter(help="Why: it stands where each of these clocks is explained, and in the record."),
]


TOLD_AFTER = 5_000
"""Of this many comments it says again how far it is."""


async def explain(comment: Comment, *, place: Place = HERE) -> Exit:
    for line in await place.admin().due_explained(EngagementId(comment)):
        terminal().say(line)
    return Exit.DONE


async def preview(*, place: Place = HERE) -> Exit:
    effect = await place.admin().preview_clocks()
    _say(effect, "would be")
    if effect.changed or effect.same_time:
        terminal().say("Nothing was changed. To do it: responder sla apply --because …")
    return Exit.DONE


async def apply(*, because: Because, as_: As = None, place: Place = HERE) -> Exit:
    def tell(looked_at: int) -> None:
        if looked_at % TOLD_AFTER == 0:
            terminal().say(f"{looked_at:,} looked at …")

    _say(await place.admin().change_clocks(name=as_, reason=because, tell=tell), "are now")
    return Exit.DONE


def _say(effect: "Effect", verb: str) -> None:
    number = effect.looked_at
    said = "comment is" if number == 1 else "comments are"
    terminal().say(f"{number:,} {said} open and not late yet; of these:")
    for number, said in (
        (effect.earlier, f"{verb} due earlier"),
        (effect.later, f"{verb} due later"),
        (effect.newly_due, f"{verb} due that were not"),
        (effect.never_due, f"{verb} not due any more"),
        (effect.late_at_once, f"{verb} late at once"),
        (effect.same_time, f"{verb} under other terms, and due when they were"),
    ):
        if number:
            terminal().say(f"  {number:,} {said}")
    if not effect.changed:
        terminal().say("  none is due at another time")
    for step, number in sorted(effect.steps_at_once.items(), key=lambda each: each[0].name):
        terminal().say(f"  {number:,} come at once to the step {step.name}: {_does(step)}")
    if not effect.changed:
        return
    terminal().table(
        ("comment", "was due", "is due"),
        [
            (f"{each.source}/{each.comment_id}", _when(each.before), _when(each.after))
            for each in effect.first
        ],
    )
    if effect.changed > len(effect.first):
        terminal().say(f"… and {effect.changed - len(effect.first):,} more.")


def _does(step: "Step") -> str:
    """What that means for a comment."""
    acts = (
        f"into the queue {step.queue}" if step.queue else "",
        f"before {step.person}" if step.person else "",
        f"the webhook {step.webhook} is told" if step.webhook else "",
    )
    return ", ".join(filter(None, acts)) or "a warning"


def _when(at: datetime | None) -> str:
    return "never" if at is None else moment(at, UTC)

"""`responder audit`: is anything missing, and are the counts right that pages show?"""

from collections.abc import Iterator
from typing import Annotated

from cyclopts import Parameter

from responder.app.terminal_words import broken
from responder.audit.ports import Findings
from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal
from responder.web.console import audit_words, words

Since = Annotated[
    str | None,
    Parameter(help="A head that was kept: the record must still be what it was up to there."),
]


async def verify(*, since: Since = None, place: Place = HERE) -> Exit:
    verified = await place.admin().verify(since=since)
    terminal().say(words.balance(verified.balance))
    for line in _lines(verified.findings):
        terminal().say(line)
    return Exit.DONE if verified.holds else Exit.FOUND_SOMETHING


async def head(*, place: Place = HERE) -> Exit:
    terminal().say(str(await place.admin().chain_head()))
    return Exit.DONE


async def recount(*, place: Place = HERE) -> Exit:
    await place.admin().recount()
    terminal().say("Counted anew. Pages and metrics show what the ledger holds.")
    return Exit.DONE


def _lines(found: Findings) -> Iterator[str]:
    if found.chain_break is None:
        yield f"The record of changes holds: {found.head.number:,} entries, head {found.head}"
    else:
        yield broken(found.chain_break)
    for engagement in found.unlike_chain:
        yield f"{engagement} is not in the state that the record says."
    for each in found.missing:
        yield f"missing: {audit_words.missing(each.finding.facts)}"
    if found.missing_total > len(found.missing):
        yield f"… and {found.missing_total - len(found.missing):,} more."
    for began in found.new_logs:
        yield audit_words.finding(began)
    for wrong in found.miscounts:
        yield f"miscounted: {wrong.what}: {wrong.kept:,} kept, {wrong.counted:,} counted"
    if found.miscounts:
        yield "Pages and metrics show what is kept. Run: responder audit recount"

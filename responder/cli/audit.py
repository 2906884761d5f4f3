"""`responder audit`: is anything missing, and are the counts right that pages show?"""

from responder.app.terminal_words import broken
from responder.audit.ports import Findings
from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal
from responder.web.console import words


async def verify(*, place: Place = HERE) -> Exit:
    verified = await place.admin().verify()
    terminal().say(words.balance(verified.balance))
    _say(verified.findings)
    return Exit.DONE if verified.holds else Exit.FOUND_SOMETHING


async def recount(*, place: Place = HERE) -> Exit:
    await place.admin().recount()
    terminal().say("Counted anew. Pages and metrics show what the ledger holds.")
    return Exit.DONE


def _say(found: Findings) -> None:
    if found.chain_break is None:
        terminal().say(f"The record of changes holds: {found.sealed:,} entries, head {found.head}")
    else:
        terminal().say(broken(found.chain_break))
    for engagement in found.unlike_chain:
        terminal().say(f"{engagement} is not in the state that the record says.")
    for each in found.missing:
        terminal().say(f"missing: {each.source} {each.comment_id} ({each.event_id or 'no event'})")
    if found.missing_total > len(found.missing):
        terminal().say(f"… and {found.missing_total - len(found.missing):,} more.")
    for wrong in found.miscounts:
        terminal().say(f"miscounted: {wrong.what}: {wrong.kept:,} kept, {wrong.counted:,} counted")
    if found.miscounts:
        terminal().say("Pages and metrics show what is kept. Run: responder audit recount")

"""Findings of a check as a table, with what mends each."""

from collections.abc import Sequence

from responder.cli.exits import Exit
from responder.cli.terminal import Terminal
from responder.reconcile.ports import Finding, Level


def show(terminal: Terminal, findings: Sequence[Finding]) -> None:
    """For programs the remedy is the fourth value of a row."""
    if not terminal.is_seen:
        rows = [(each.level.value, each.what, each.says, each.remedy) for each in findings]
        terminal.table(("", "what", "says", "remedy"), rows)
        return
    terminal.table(
        ("", "what", "says"), [(each.level.value, each.what, each.says) for each in findings]
    )
    for each in findings:
        if each.remedy:
            terminal.say(f"{each.what}: {each.remedy}")


def verdict(findings: Sequence[Finding]) -> Exit:
    """A failure makes the command fail; a warning is only said."""
    failed = any(each.level is Level.FAIL for each in findings)
    return Exit.FOUND_SOMETHING if failed else Exit.DONE

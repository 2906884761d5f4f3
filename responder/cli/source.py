"""`responder source`: the places that comments come from."""

from typing import Annotated

from cyclopts import Parameter

from responder.cli import findings
from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal


def list_(*, place: Place = HERE) -> Exit:
    admin = place.admin()
    sources = admin.configuration().workspace.sources.values()
    terminal().table(
        ("name", "platform", "title", "replies"),
        [
            (each.id, each.platform, each.title, "are posted" if each.sends else "are copied")
            for each in sources
        ],
    )
    return Exit.DONE


async def check(
    name: Annotated[str, Parameter(help="As `responder.toml` names it.")], *, place: Place = HERE
) -> Exit:
    admin = place.admin()
    found = await admin.check_source(name)
    findings.show(terminal(), found)
    if terminal().is_seen:  # its last part is a secret
        for address in admin.push_addresses(name):
            terminal().say(f"Its pushes go to: {address}")
    return findings.verdict(found)

"""`responder source`: the places that comments come from."""

from typing import Annotated

from cyclopts import Parameter

from responder.cli import findings
from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal
from responder.intake.ports import WayIn


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
        _tell(admin.way_in(name))
    return findings.verdict(found)


def _tell(way_in: WayIn | None) -> None:
    if way_in is None:
        return
    terminal().say(f"Its pushes go to: {way_in.address}")
    terminal().say(f"They are signed with the secret in {way_in.signed_with}")
    if way_in.replies_signed_with is not None:
        terminal().say(f"Replies there are signed with the secret in {way_in.replies_signed_with}")

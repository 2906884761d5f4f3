"""`responder user`: who may sign in."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from responder.access.model import Role
from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal

if TYPE_CHECKING:
    from responder.app.admin import SignInLink

Name = Annotated[str, Parameter(help="As it stands in the console.")]


async def add(
    name: Name,
    *,
    role: Annotated[
        Literal["viewer", "reviewer", "approver", "admin"],
        Parameter(help="What the person may do: read, also close, also send, everything."),
    ] = "approver",
    place: Place = HERE,
) -> Exit:
    _show(await place.admin().add_person(name, Role(role)))
    return Exit.DONE


async def link(name: Name, *, place: Place = HERE) -> Exit:
    _show(await place.admin().link_person(name))
    return Exit.DONE


async def list_(*, place: Place = HERE) -> Exit:
    people = await place.admin().people()
    terminal().table(("name", "role"), [(each.name, each.role.value) for each in people])
    return Exit.DONE


def _show(made: "SignInLink") -> None:
    """This is what the command is for, so the link is shown wherever its output goes."""
    terminal().say(f"For {made.name}, works once, for 15 minutes:")
    terminal().say(made.url)

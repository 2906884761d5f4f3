"""`responder topics`."""

from collections.abc import Iterable

from responder.adapters.kafka.topics import DifferentTopic, MissingTopic
from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal


async def plan(*, place: Place = HERE) -> Exit:
    changes = await place.admin().plan_topics()
    missing = [each for each in changes if isinstance(each, MissingTopic)]
    for each in missing:
        terminal().say(f"# {each.topic} is missing; an administrator makes it by:")
        terminal().say(each.command)
    _say_different(each for each in changes if isinstance(each, DifferentTopic))
    return _verdict(is_fine=not changes)


async def apply(*, place: Place = HERE) -> Exit:
    different = await place.admin().apply_topics()
    _say_different(different)
    return _verdict(is_fine=not different)


def _say_different(topics: Iterable[DifferentTopic]) -> None:
    for each in topics:
        terminal().say(f"# {each.topic}: {each.what} is {each.is_}, and should be {each.should_be}")


def _verdict(*, is_fine: bool) -> Exit:
    if not is_fine:
        return Exit.FOUND_SOMETHING
    terminal().say("Every topic is there, as it should be.")
    return Exit.DONE

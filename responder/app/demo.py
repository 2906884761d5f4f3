"""The demo: invented people who comment in the guestbook at human pace. Nothing leaves this computer."""

from dataclasses import dataclass
from importlib.resources import files

from responder.adapters.system import SystemRandom
from responder.engagement.errors import Retryable
from responder.engagement.ports import Clock
from responder.web.guestbook.book import Guestbook
from responder.web.guestbook.push import Pusher

AT_ONCE = 4
"""So that the queue is not empty when somebody looks at it first."""
PAUSE_SECONDS = (6.0, 18.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One comment of an invented person."""

    name: str
    text: str


SCRIPT = (
    Line("Ines Falk", "Does the planner also work offline? My allotment has no signal at all."),
    Line("Tomás Rey", "¿Se puede compartir un jardín con mi vecina?"),
    Line("Jo Abara", "The frost warning came after the frost. I lost all my tomatoes."),
    Line("Lena Brandt", "Kann man einen Garten mit anderen teilen? Wir gärtnern zu viert."),
    Line("Priya N.", "Printed the plan for my dad, it hangs in his shed now. Thank you!"),
    Line("Sam Okoro", "I would love to see sowing dates for the southern hemisphere."),
    Line("Growth Wizard", "Great page! cheap followers"),
    Line("Milo", "RT @arbor: Ten beds you can plant in March https://arbor.example/march"),
    Line("Hanna Weiss", "Seit dem Update stürzt die App beim Öffnen ab. Sehr ärgerlich."),
    Line("Dee", "Is there a way to print the whole year on one page?"),
    Line(
        "R. Castellan",
        "Your article says that marigolds keep every nematode away. The trials I know found an"
        " effect on two species, after a whole season, and none on the others. It would help"
        " people more to say which ones, and that it takes a year.",
    ),
    Line("Aiko", "Lovely photos today."),
    Line("Bert", "The battery of the soil sensor got so hot that it smoked on my balcony!"),
    Line("Camille", "Est-ce que l'application existe aussi en français ?"),
    Line("Ruth O.", "We run a school garden and would like to work with you on a course."),
    Line("Noor", "How much is the family plan, and can I pay once a year?"),
)


def configuration() -> str:
    """The demo's `responder.toml`."""
    return files("responder.app").joinpath("demo.toml").read_text(encoding="utf-8")


class Visitors:
    """Writes the script into the guestbook, line by line, and then stops."""

    def __init__(self, book: Guestbook, pusher: Pusher, clock: Clock, random: SystemRandom) -> None:
        self._book = book
        self._pusher = pusher
        self._clock = clock
        self._random = random

    async def run(self) -> None:
        """Until cancelled; after the last line nobody comes any more."""
        for number, line in enumerate(SCRIPT):
            if number >= AT_ONCE:
                await self._clock.sleep(self._random.uniform(*PAUSE_SECONDS))
            await self._write(line)
        while True:
            await self._clock.sleep(3600.0)

    async def _write(self, line: Line) -> None:
        try:
            await self._book.write(name=line.name, text=line.text, visitor=f"demo {line.name}")
        except Retryable:
            return  # a database that is away misses an invented comment
        self._pusher.wake()

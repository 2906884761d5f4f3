"""Which part of the queue somebody looks at. It lives in the URL, so that a view can be shared."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from responder.engagement.model import PersonId
from responder.review.ports import QueueFilter
from responder.web.console import words

TEXT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Scope:
    """A filter of the queue, as the URL says it."""

    wanted: QueueFilter

    @property
    def is_filtered(self) -> bool:
        return self.wanted != QueueFilter(state=self.wanted.state)

    def query(self, **changed: str | None) -> str:
        """`?…` with what differs from the whole open queue; empty if nothing does."""
        state = None if self.wanted.state == "open" else self.wanted.state
        parameters = {
            "state": state,
            "queue": self.wanted.queue,
            "source": self.wanted.source,
            "q": self.wanted.text or None,
            "for": "me" if self.wanted.assigned_to else None,
        } | changed
        given = [(name, value) for name, value in parameters.items() if value]
        return f"?{urlencode(given)}" if given else ""

    def queue(self, **changed: str | None) -> str:
        return f"/queue{self.query(**changed)}"

    def comment(self, engagement_id: object, act: str = "", **changed: str | None) -> str:
        """The address of a comment, or of something to do with it, within this view."""
        path = f"/engagements/{engagement_id}" + (f"/{act}" if act else "")
        return path + self.query(**changed)


def scope_of(query: Mapping[str, str], viewer: PersonId | None = None) -> Scope:
    """From a URL's parameters; what it does not understand it leaves out.

    `for=me` is whoever looks, so that the address means the same to everybody.
    """
    # PostgreSQL holds no NUL, and refuses to be asked for one.
    asked = {name: value.replace("\x00", "") for name, value in query.items()}
    state = asked.get("state", "open")
    return Scope(
        QueueFilter(
            queue=asked.get("queue") or None,
            source=asked.get("source") or None,
            state=state if state in words.SHOWN_AS else "open",
            text=" ".join(asked.get("q", "").split())[:TEXT_LIMIT],
            assigned_to=viewer if asked.get("for") == "me" else None,
        )
    )

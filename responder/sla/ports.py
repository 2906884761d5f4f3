"""What telling asks of the ledger, and of whoever is told."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict


class StepTaken(BaseModel):
    """A comment's clock has come to one of its steps, and nobody has answered.

    Holds no words of the comment and no name of its author (though a permalink may be made of one):
    who is told looks them up, if they may.
    """

    model_config = ConfigDict(frozen=True)

    engagement_id: UUID
    """In the console at `/engagements/<id>`, and in the API."""
    source: str
    comment_id: str
    """As the platform calls it."""
    step: str
    """Its name in the configuration."""
    due_at: AwareDatetime | None
    """When a public reply is due, or was."""
    received_at: AwareDatetime
    queue: str
    """Where it is now."""
    person: str | None
    """Whom of ours it was put before, by name."""
    permalink: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something that a webhook is to be told."""

    id: str
    """The same on every try."""
    webhook: str
    data: StepTaken
    made_at: datetime
    tries: int
    """Those that were made, this one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of one try."""

    is_told: bool
    is_over: bool = False
    """The receiver asked us not to try again."""
    why: str = ""
    """Why it was not told, in one line."""
    after_seconds: float | None = None
    """When it asked us to come again."""


class Webhook(Protocol):
    """A receiver of messages.

    The implementer must not repeat a message by itself, or raise.
    """

    async def tell(self, message: Message) -> Heard: ...


class Messages(Protocol):
    """The messages that wait in the ledger. All raise Unavailable."""

    async def claim(
        self, *, at: datetime, again_at: datetime, but: Collection[str] = ()
    ) -> Message | None:
        """The one that has waited longest, for none of these webhooks.

        Nobody else gets it before `again_at`.
        """

    async def told(self, message: Message, *, at: datetime) -> None:
        """It has arrived: that ends it, and stands in the comment's history."""

    async def put_off(self, message: Message, *, until: datetime, why: str) -> None:
        """It is tried again then."""

    async def given_up(self, message: Message, *, at: datetime, why: str) -> None:
        """It is not tried again; that stands in the comment's history, with the reason."""

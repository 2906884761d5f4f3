"""Events and configuration for tests, with every detail that a test does not care about filled in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from responder.engagement.events import EngagementReceived, Event
from responder.engagement.model import SourceId
from responder.engagement.workspace import Knowledge, Queue, SlaPolicy, Source, Voice, Workspace
from responder.triage.ports import Arrival

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
PLACE = Source(
    id=SourceId("garden"),
    platform="guestbook",
    title="Garden guestbook",
    url="http://127.0.0.1:8082/",
    own_author_ids=frozenset({"us"}),
    own_names=frozenset({"Arbor Team"}),
    post_as="Arbor Team",
)


def workspace(*sources: Source, **changes: Any) -> Workspace:
    """One guestbook, one queue with a target of eight hours that may be stopped, one passage."""
    target = SlaPolicy("first-reply", timedelta(hours=8), may_be_stopped=True)
    made = Workspace(
        version="test",
        sources=MappingProxyType({each.id: each for each in sources or (PLACE,)}),
        queues=MappingProxyType({"default": Queue("default", "Inbox", "first-reply")}),
        policies=MappingProxyType({"first-reply": target}),
        spam_keywords=("cheap loans",),
        languages=("en", "de", "es", "fr"),
        knowledge=(
            Knowledge(
                id="offline",
                title="Using the planner offline",
                text="The planner works offline once a garden has been opened on the device.",
                url="https://arbor.example/offline",
            ),
        ),
        voice=Voice(name="Arbor Team"),
    )
    return replace(made, **changes)


def comment(
    comment_id: str = "c1", text: str = "Does the planner also work offline?", **data: Any
) -> EngagementReceived:
    """What a platform says about one comment by Ann."""
    return EngagementReceived.model_validate(
        {
            "comment_id": comment_id,
            "text": text,
            "author": {"id": "ann", "name": "Ann"},
            "published_at": NOON,
        }
        | data
    )


def event(data: EngagementReceived, *, source: str = "garden") -> Event:
    return Event.of(
        data,
        event_id=data.event_id(source),
        source=source,
        subject=data.thread_id,
        time=data.published_at,
    )


def arrival(data: EngagementReceived, *, source: str = "garden", after: float = 1.0) -> Arrival:
    """As the log gives it, `after` seconds after it was published."""
    received_at = data.published_at + timedelta(seconds=after)
    return Arrival(event=event(data, source=source), data=data, received_at=received_at)

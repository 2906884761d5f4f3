"""Enter at a place what reached us another way, so that the answer has something to stand under.

Fed by `engagement.received` under a consumer group of its own: a place that is away delays nobody,
and the runtime's retries bring each comment there in the end.
"""

from collections.abc import Mapping

from responder.engagement.events import EngagementReceived, Event
from responder.engagement.model import SourceId
from responder.reconcile.ports import EntryPlatform


class Enter:
    """Hands each event to its own source's place, if that takes entries."""

    def __init__(self, places: Mapping[SourceId, EntryPlatform]) -> None:
        self._places = places

    def is_wanted(self, source: str) -> bool:
        """Whether this source has a place that takes entries."""
        return source in self._places

    async def handle(self, event: Event) -> None:
        """Raises Unavailable while the place is away; again changes nothing."""
        place = self._places.get(SourceId(event.source))
        if place is not None and isinstance(event.data, EngagementReceived):
            await place.enter(event.data)

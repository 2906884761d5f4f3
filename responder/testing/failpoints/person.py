"""The person at the console: decides what the queue shows, and nothing else."""

from sqlalchemy.ext.asyncio import AsyncEngine

from responder.adapters.postgres.desk import PostgresDesk
from responder.adapters.postgres.review import PostgresReviewWork
from responder.engagement.lifecycle import State
from responder.engagement.model import EngagementId
from responder.engagement.ports import Ids
from responder.review.commands import (
    Approve,
    FoundThere,
    SendAgain,
)
from responder.review.ports import (
    DraftState,
    Item,
    QueueFilter,
)
from responder.review.service import Review
from responder.testing.factories import PLACE
from responder.testing.failpoints.world import World
from responder.testing.ledger import ANA


class Person:
    """Approves each suggestion as it is, and looks at the place where the outcome is not known.

    So what the queue does not show stays undone, and a run does not come to rest.
    """

    def __init__(self, world: World, engine: AsyncEngine, ids: Ids) -> None:
        self._world = world
        self._ids = ids
        self._desk = PostgresDesk(
            engine,
            workspace=lambda: world.workspace,
            capabilities=lambda: {PLACE.id: world.place.capabilities},
        )
        work = PostgresReviewWork(engine, self._desk, workspace=lambda: world.workspace)
        self._review = Review(work=work, clock=world.clock, ids=ids)

    async def works_off_the_queue(self) -> None:
        """Raises Unavailable; then the person looks at the queue again."""
        page = await self._desk.queue(QueueFilter(state="open"))
        for row in page.rows:
            if row.state is State.DELIVERY_UNKNOWN:
                await self._look(row.engagement_id)
            elif row.state is State.AWAITING_REVIEW and row.draft is not DraftState.WAITING:
                await self._approve(row.engagement_id)

    async def _approve(self, engagement_id: EngagementId) -> None:
        item = await self._desk.item(engagement_id)
        if item.draft is None or item.draft.text is None:
            raise AssertionError("the comment has an answer, and there is none in the draft")
        await self._review.approve(
            Approve(
                engagement_id=engagement_id,
                actor=ANA,
                key=self._key(item),
                context=item.context,
                text=item.draft.text,
                undo_seconds=0,
                draft_version=item.draft.version,
            )
        )

    async def _look(self, engagement_id: EngagementId) -> None:
        item = await self._desk.item(engagement_id)
        key, context = self._key(item), item.context
        if self._world.place.texts(item.comment.comment_id):
            found = FoundThere(
                engagement_id=engagement_id,
                actor=ANA,
                key=key,
                context=context,
                url="https://place.example/reply-1",
            )
            await self._review.found_there(found)
        else:
            again = SendAgain(engagement_id=engagement_id, actor=ANA, key=key, context=context)
            await self._review.send_again(again)

    def _key(self, item: Item) -> str:
        """That of the form, which is the same while the page shows the same."""
        return f"{item.row.state} after {len(item.deliveries)}"

"""What the contract of the ledger's ports stands on: services, stepped by hand, and a view of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from typing_extensions import override

from responder.adapters.system import SystemIds, SystemRandom
from responder.delivery.ports import AttemptOutcome, DeliveryWork, Job, Posted, Posting
from responder.delivery.service import LEASE_SECONDS, Delivery
from responder.drafting.ports import DraftClaim, Drafted, DraftingLedger, Provenance
from responder.engagement.deadletter import Buried, LetterRows
from responder.engagement.events import EngagementReceived, Event, ReplyPosted
from responder.engagement.lifecycle import State
from responder.engagement.model import DismissalReason, EngagementId, ReplyId
from responder.engagement.workspace import Workspace
from responder.review.commands import (
    Approve,
    Dismiss,
    FoundThere,
    Reopen,
    SendAgain,
    Undo,
)
from responder.review.ports import DeadLetterDesk, ReviewWork
from responder.review.service import Review
from responder.testing.factories import NOON, PLACE, arrival, comment
from responder.testing.ledger import ANA, DETECTOR, UNDO_SECONDS, MovedClock, Seen
from responder.testing.place import Behaviour, Place
from responder.triage.ports import TriageWork
from responder.triage.rules import RuleClassifier
from responder.triage.service import Triage

REPLY = "Yes, it does."
LINK = "https://place.example/reply-1"


class LedgerView(Protocol):
    """What a ledger holds, and what time does to it."""

    async def id_of(self, comment_id: str) -> EngagementId: ...

    async def states(self) -> dict[str, State]:
        """By comment id."""

    async def context(self, comment_id: str) -> str:
        """The digest of what is shown with it now."""

    async def acts(self, comment_id: str) -> list[str]:
        """Of its audit entries, in their order."""

    async def told(self) -> list[str]:
        """The types of what stands in the outbox, in its order."""

    async def attempts(self, comment_id: str) -> list[AttemptOutcome | None]:
        """What came of each, in their order."""

    async def keys(self, comment_id: str) -> list[str]:
        """Under which each attempt was made."""

    async def decisions(self, comment_id: str) -> list[str]:
        """The status of each, in their order."""

    async def reply_id(self, comment_id: str) -> ReplyId:
        """The last that was decided."""

    async def drafts(self, comment_id: str) -> list[str | None]:
        """The text of each version."""

    async def letters(self) -> list[str]:
        """The status of each dead letter."""

    async def next_step_at(self) -> datetime | None:
        """When the next delivery step is due."""

    async def leases_end(self) -> None:
        """Time passes until every lease on a job or a draft is over."""


class Releasing(Protocol):
    """Lets held decisions go."""

    async def release_due(self, *, at: datetime) -> int: ...


class WatchedPlace(Place):
    """A place that lets a test look round before each call."""

    before_call: Callable[[Posting], Awaitable[None]] | None = None

    @override
    async def reply(self, posting: Posting) -> Posted:
        if self.before_call is not None:
            await self.before_call(posting)
        return await super().reply(posting)


@dataclass(frozen=True, kw_only=True)
class Ports:
    """One ledger, as its adapters give it."""

    triage: TriageWork
    review: ReviewWork
    delivery: DeliveryWork
    drafting: DraftingLedger
    releases: Releasing
    letters: LetterRows
    letter_desk: DeadLetterDesk
    view: LedgerView


class LedgerUnderTest:
    """The real services over these ports; nothing happens unless a test says so."""

    def __init__(
        self, ports: Ports, *, clock: MovedClock, place: WatchedPlace, workspace: Workspace
    ) -> None:
        """`clock` is the services' own; what the ledger takes for now may be another."""
        ids = SystemIds(clock)
        self.clock = clock
        self.place = place
        self.view = ports.view
        self.work = ports.delivery
        self.drafting = ports.drafting
        self.releases = ports.releases
        self.letters = ports.letters
        self.letter_desk = ports.letter_desk
        self.triage_work = ports.triage
        self.triage = Triage(
            workspace=lambda: workspace,
            classifier=RuleClassifier(detector=DETECTOR, spam_keywords=workspace.spam_keywords),
            work=ports.triage,
            clock=clock,
            ids=ids,
        )
        self.review = Review(work=ports.review, clock=clock, ids=ids)
        self._ids = ids
        self._delivery = Delivery(
            work=ports.delivery,
            platforms={PLACE.id: place},
            kinds={PLACE.id: PLACE.platform},
            clock=clock,
            random=SystemRandom(seed=1),
            observer=Seen(),
        )

    async def arrives(self, *comments: EngagementReceived) -> None:
        """The log brings these, in one batch."""
        await self.triage.take([arrival(each) for each in comments])

    async def form(self, comment_id: str) -> dict[str, Any]:
        """What a form carries that is shown now."""
        return {
            "engagement_id": await self.view.id_of(comment_id),
            "actor": ANA,
            "key": self._ids.uuid().hex,
            "context": await self.view.context(comment_id),
        }

    async def approve(
        self, comment_id: str = "c1", *, reply: str = REPLY, shown: dict[str, Any] | None = None
    ) -> None:
        form = shown or await self.form(comment_id)
        self.clock.forward(0.001)  # no two decisions are made at the same moment
        await self.review.approve(Approve(**form, text=reply, undo_seconds=UNDO_SECONDS))

    async def dismiss(self, *, shown: dict[str, Any] | None = None) -> None:
        form = shown or await self.form("c1")
        reason = DismissalReason.OFF_TOPIC
        await self.review.dismiss(Dismiss(**form, reason=reason, undo_seconds=UNDO_SECONDS))

    async def undo(self, *, decision_id: UUID | None = None) -> None:
        item = await self.view.id_of("c1")
        await self.review.undo(Undo(engagement_id=item, actor=ANA, decision_id=decision_id))

    async def reopen(self) -> None:
        await self.review.reopen(Reopen(**await self.form("c1")))

    async def send_again(self) -> None:
        await self.review.send_again(SendAgain(**await self.form("c1")))

    async def found_there(self) -> None:
        await self.review.found_there(FoundThere(**await self.form("c1"), url=LINK))

    async def release(self) -> None:
        """The undo time passes, and what was held goes on."""
        self.clock.forward(UNDO_SECONDS + 1)
        await self.releases.release_due(at=self.clock.now())

    async def is_released(self) -> None:
        """A comment came, and the answer to it is ready to go out."""
        await self.arrives(comment())
        await self.approve()
        await self.release()

    async def goes_out(self, *, within_seconds: float = 600.0) -> None:
        await self.is_released()
        await self.deliver(within_seconds=within_seconds)

    async def falls_into_doubt(self, **data: Any) -> None:
        """Its only call had no answer, and the place cannot be asked what stands there."""
        self.place.capabilities = replace(self.place.capabilities, reads_back=False)
        self.place.will([Behaviour(stores=False, answer=AttemptOutcome.UNKNOWN)])
        await self.arrives(comment(**data))
        await self.approve()
        await self.release()
        await self.deliver()

    async def claim(self) -> Job | None:
        now = self.clock.now()
        return await self.work.claim(None, at=now, lease_seconds=LEASE_SECONDS)

    async def deliver(self, *, within_seconds: float = 600.0) -> None:
        """Every delivery step that becomes due in this time is taken, in its order."""
        end = self.clock.now() + timedelta(seconds=within_seconds)
        while (due := await self.view.next_step_at()) is not None and due <= end:
            self.clock.forward(max(0.0, (due - self.clock.now()).total_seconds()))
            if not await self._delivery.run():
                return

    async def receipt(self) -> bool:
        """Whoever was handed the reply says that it stands."""
        reply_id = await self.view.reply_id("c1")
        data = ReplyPosted(thread_id="c1", reply_id=reply_id, comment_id="r1", url=LINK)
        event = Event.of(
            data,
            event_id=data.event_id(PLACE.id),
            source=PLACE.id,
            subject="c1",
            time=self.clock.now(),
        )
        return await self.work.receipt(event, data, at=self.clock.now())

    async def settle_draft(self, claim: DraftClaim, text: str) -> None:
        drafted = Drafted(
            engagement_id=await self.view.id_of("c1"),
            for_revision=1,
            text=text,
            refusal=None,
            explanation=None,
            provenance=Provenance(writer="template/1"),
        )
        await self.drafting.settle(claim, drafted, at=self.clock.now())


def edited(text: str) -> EngagementReceived:
    return comment(text=text, kind="edited", edited_at=NOON + timedelta(minutes=1))


def deleted() -> EngagementReceived:
    return comment(kind="deleted")


def ours(comment_id: str, text: str, *, under: str) -> EngagementReceived:
    """What our own account wrote there, in the thread `t`."""
    us = {"id": "us", "name": "Arbor Team"}
    return comment(
        comment_id, text, thread_id="t", parent_id=under, root_id=under, author=us, mentions=()
    )


def letter(*, failed_again: bool = False) -> Buried:
    failed_at = NOON + timedelta(hours=int(failed_again))
    return Buried(
        id=UUID(int=7),
        topic=EngagementReceived.topic,
        partition=0,
        offset=3,
        key=b"garden/c1",
        value=b"{}",
        headers=(),
        stage="triage",
        why="nothing in it",
        attempts=1,
        first_failed_at=NOON,
        last_failed_at=failed_at,
        source="garden",
    )

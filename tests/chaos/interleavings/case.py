"""One comment with people and stages around it: what each of them does, and what each was told."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypedDict
from uuid import UUID

from typing_extensions import override

from responder.access.model import Person, Role
from responder.adapters.postgres.drafts import PostgresDraftingLedger
from responder.adapters.postgres.open_clocks import OpenClocks
from responder.adapters.system import SystemRandom
from responder.delivery.ports import (
    DeliveryWork,
    Job,
    Posted,
    Posting,
    Preflight,
    ReadBack,
)
from responder.delivery.service import Delivery
from responder.drafting.ports import Drafted, Provenance
from responder.engagement.model import DismissalReason, EngagementId, EventId, PersonId, ReplyId
from responder.engagement.workspace import SlaPolicy
from responder.review.commands import (
    Approve,
    Dismiss,
    FoundThere,
    LetClockGoOn,
    PostedByPerson,
    Reopen,
    SendAgain,
    StopClock,
    Undo,
)
from responder.review.ports import Locked
from responder.testing.factories import PLACE, comment, workspace
from responder.testing.interleaving import Act, Interleaver, Passed, undisturbed
from responder.testing.ledger import UNDO_SECONDS, Bench
from responder.testing.passing_on import PlatformPassedOn, WorkPassedOn
from responder.testing.place import Place

ANA = Person(id=PersonId(UUID(int=1)), name="Ana", role=Role.REVIEWER)
BEN = Person(id=PersonId(UUID(int=2)), name="Ben", role=Role.REVIEWER)
POSTS = "posts "
"""How the moment of a call to the platform begins; the text follows."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A reply that the ledger took from a person."""

    who: str
    text: str
    seen_at: int
    """How much had happened when the page that it was decided on was read."""


@dataclass(frozen=True, slots=True)
class Told:
    """How one act ended, and what the ledger held right after."""

    who: str
    act: str
    refusal: Exception | None
    then: Locked


@dataclass(frozen=True, slots=True)
class Page:
    """What a person has on the screen."""

    context: str
    held: UUID | None
    attempts: int
    seen_at: int


class Shown(TypedDict):
    """What every form carries."""

    engagement_id: EngagementId
    actor: PersonId
    key: str
    context: str


class Watched(PlatformPassedOn):
    """The place, with each call a moment of its own."""

    def __init__(self, place: Place, stage: Interleaver) -> None:
        super().__init__(place)
        self._stage = stage

    @override
    async def preflight(self, posting: Posting) -> Preflight:
        await self._stage.moment("looks before it posts")
        return await super().preflight(posting)

    @override
    async def reply(self, posting: Posting) -> Posted:
        await self._stage.moment(POSTS + posting.text)
        return await super().reply(posting)

    @override
    async def read_back(self, posting: Posting) -> ReadBack | None:
        await self._stage.moment("reads back")
        return await super().read_back(posting)


def watched(bench: Bench, stage: Interleaver, work: DeliveryWork) -> Delivery:
    """Delivery on the bench's place, with its calls as moments of the stage."""
    return Delivery(
        work=work,
        platforms={PLACE.id: Watched(bench.place, stage)},
        kinds={PLACE.id: PLACE.platform},
        clock=bench.clock,
        random=SystemRandom(seed=1),
        observer=bench.seen,
    )


class Lapsing(WorkPassedOn):
    """Leases that end as soon as they are given: whoever asks next gets the same job."""

    @override
    async def claim(
        self, reply_id: ReplyId | None, *, at: datetime, lease_seconds: float
    ) -> Job | None:
        return await super().claim(reply_id, at=at, lease_seconds=min(lease_seconds, 0.0))


class Case:
    """A comment, and the acts around it. Each act is told of, whether it was done or refused."""

    def __init__(self, bench: Bench, stage: Interleaver, name: str) -> None:
        self.bench = bench
        self.stage = stage
        self.name = name
        self.thread = name
        self.passed: list[Passed] = []
        self.told: list[Told] = []
        self.approved: list[Approved] = []
        self.ana = Reviewer(self, ANA)
        self.ben = Reviewer(self, BEN)
        self.delivery = bench.delivery
        self.neighbour: Case | None = None
        self._id: EngagementId | None = None
        self._made = 0

    @property
    def beside(self) -> "Case":
        """Another comment by the same person in the same thread; what goes on goes on for both."""
        if self.neighbour is None:
            self.neighbour = Case(self.bench, self.stage, f"{self.name}-too")
            self.neighbour.thread, self.neighbour.passed = self.name, self.passed
        return self.neighbour

    def number(self) -> int:
        self._made += 1
        return self._made

    async def arrives(self) -> None:
        await self._brings(self.name, "Does the planner also work offline?")

    # --- what the platform brings ---

    async def edits(self) -> None:
        text = f"Does it also work offline, question {self.number()}?"
        await self.tries("platform", "edit", self._brings(self.name, text, kind="edited"))

    async def withdraws(self) -> None:
        await self.tries("platform", "withdraw", self._brings(self.name, "", kind="deleted"))

    async def writes_more(self) -> None:
        more = f"{self.name}-more-{self.number()}"
        await self.tries("platform", "write more", self._brings(more, "And on a train?"))

    async def answers_by_hand(self) -> None:
        await self.tries("platform", "answer by hand", self._ours(f"{self.name}-hand", "It does!"))

    async def echoes(self) -> None:
        """Whatever of ours stands there comes back as a comment."""
        await self.stage.moment("looks what stands there")
        for parent, reply in list(self.bench.place.replies):
            if parent == self.name:
                await self.tries("platform", "echo", self._ours(reply.external_id, reply.text))

    async def _ours(self, comment_id: str, text: str) -> None:
        us = {"id": "us", "name": "Arbor Team"}
        await self._brings(comment_id, text, author=us, parent_id=self.name, root_id=self.thread)

    async def _brings(self, comment_id: str, text: str, **data: object) -> None:
        now = self.bench.clock.now()
        brought = comment(comment_id, text, published_at=now, thread_id=self.thread, **data)
        await self.bench.arrives(brought)

    # --- the stages ---

    async def releases(self) -> None:
        """The relay lets go what has been held long enough."""
        at = self.bench.clock.now()
        await self.tries("relay", "release", self.bench.releases.release_due(at=at))

    async def delivers(self) -> None:
        """A worker takes two steps of whatever is due."""
        for _ in range(2):
            await self.tries("worker", "deliver", self.delivery.run())
            self.bench.clock.forward(6)

    async def drafts(self) -> None:
        """A draft is made of what stands there now, while others may decide."""
        ledger = PostgresDraftingLedger(
            self.bench.engine, workspace=lambda: self.bench.configuration, capabilities=dict
        )
        await self.tries("drafter", "draft", self._draft(ledger))

    async def _draft(self, ledger: PostgresDraftingLedger) -> None:
        engagement_id = await self.id()
        claim = await ledger.claim(EventId(f"{self.name}-{self.number()}"), engagement_id)
        if claim.request is None:
            return
        drafted = Drafted(
            engagement_id=engagement_id,
            for_revision=claim.request.comment.revision,
            text="It does, once it was opened.",
            refusal=None,
            explanation=None,
            provenance=Provenance(writer="template/1"),
        )
        await ledger.settle(claim, drafted, at=self.bench.clock.now())

    async def changes_the_terms(self) -> None:
        """The operator promises another time, for what is open too."""
        target = timedelta(hours=4 + self.number())
        policy = SlaPolicy("first-reply", target, may_be_stopped=True)
        terms = workspace(policies=MappingProxyType({"first-reply": policy}))
        at = self.bench.clock.now()
        clocks = OpenClocks(self.bench.engine)
        change = clocks.change(terms, at=at, actor="operator", reason="a new promise")
        await self.tries("operator", "change terms", change)

    async def afterwards(self) -> None:
        """Nobody does anything any more, and everything that is due happens."""
        await self.undo_time_passes()
        await self.bench.releases.release_due(at=self.bench.clock.now())
        await self.bench.deliver(within_seconds=200_000)

    async def undo_time_passes(self) -> None:
        self.bench.clock.forward(UNDO_SECONDS + 1)

    async def is_posted(self) -> None:
        """The relay and a worker do their part without anybody beside them."""
        await self.undo_time_passes()
        await self.releases()
        await self.bench.deliver(within_seconds=600)

    # --- how it is told ---

    async def id(self) -> EngagementId:
        if self._id is None:
            with undisturbed():
                self._id = await self.bench.id_of(self.name)
        return self._id

    async def stands(self) -> Locked:
        """How it stands in the ledger now, looked up in one go."""
        engagement_id = await self.id()
        with undisturbed():
            async with self.bench.engine.connect() as connection:
                return await self.bench.desk.decidable(connection, engagement_id)

    async def tries(self, who: str, act: str, done: Awaitable[object]) -> bool:
        """Whether it was done; what it was refused with is kept beside what then held."""
        refusal: Exception | None = None
        try:
            await done
        except Exception as error:  # noqa: BLE001 - the claims judge it
            refusal = error
        self.told.append(Told(who, act, refusal, await self.stands()))
        return refusal is None


class Reviewer:
    """A person before the page of a case."""

    def __init__(self, case: Case, person: Person) -> None:
        self._case = case
        self.person = person
        self._page: Page | None = None
        self._saw_it_there = False

    async def looks(self) -> None:
        """Open the page anew, as it is now."""
        await self._case.stage.moment("opens the page")
        seen = await self._case.stands()
        held = seen.held.decision_id if seen.held else None
        self._page = Page(seen.context, held, seen.attempts, len(self._case.passed))

    async def approves(self) -> None:
        """With words that nobody used before."""
        number = self._case.number()
        text = f"Answer {number} of {self.person.name} to {self._case.name}."
        await self._approves(text, await self._shown())

    async def presses_twice(self) -> None:
        """One form, sent twice."""
        shown = await self._shown()
        text = f"{self.person.name}'s answer to {self._case.name}, pressed twice."
        for _ in range(2):
            await self._approves(text, shown)

    async def _approves(self, text: str, shown: Shown) -> None:
        command = Approve(**shown, text=text, undo_seconds=UNDO_SECONDS)
        if await self._tries("approve", self._case.bench.review.approve(command)):
            seen_at = self._page.seen_at if self._page else 0
            self._case.approved.append(Approved(self.person.name, text, seen_at))

    async def dismisses(self) -> None:
        shown = await self._shown()
        reason = DismissalReason.OFF_TOPIC
        command = Dismiss(**shown, reason=reason, undo_seconds=UNDO_SECONDS)
        await self._tries("dismiss", self._case.bench.review.dismiss(command))

    async def undoes(self) -> None:
        """What is held on the page; whatever is held if the page shows nothing."""
        command = Undo(
            engagement_id=await self._case.id(),
            actor=self.person.id,
            decision_id=self._page.held if self._page else None,
        )
        await self._tries("undo", self._case.bench.review.undo(command))

    async def reopens(self) -> None:
        command = Reopen(**await self._shown())
        await self._tries("reopen", self._case.bench.review.reopen(command))

    async def posts_by_hand(self) -> None:
        command = PostedByPerson(
            **await self._shown(), text="By hand.", url="https://place.example/by-hand"
        )
        await self._tries("by hand", self._case.bench.review.posted_by_person(command))

    async def looks_at_the_site(self) -> None:
        """The page first, then the site, and what is seen there is remembered."""
        await self.looks()
        await self._case.stage.moment("looks at the site")
        texts = self._case.bench.place.texts(self._case.name)
        self._saw_it_there = any(each.text in texts for each in self._case.approved)

    async def settles_the_doubt(self) -> None:
        """By what the site showed: it is there, or it is to be sent again."""
        await (self._finds() if self._saw_it_there else self._sends_again())

    async def _finds(self) -> None:
        command = FoundThere(**await self._shown(), url="https://place.example/seen")
        await self._tries("found there", self._case.bench.review.found_there(command))

    async def _sends_again(self) -> None:
        attempts = self._page.attempts if self._page else 0
        command = SendAgain(**await self._shown(), attempts=attempts)
        await self._tries("send again", self._case.bench.review.send_again(command))

    async def stops_the_clock(self) -> None:
        command = StopClock(**await self._shown(), reason="The gardener is asked.")
        await self._tries("stop clock", self._case.bench.review.stop_clock(command))

    async def lets_the_clock_go_on(self) -> None:
        command = LetClockGoOn(**await self._shown())
        await self._tries("let go on", self._case.bench.review.let_clock_go_on(command))

    async def _shown(self) -> Shown:
        if self._page is None:
            await self.looks()
        page = self._page
        if page is None:
            raise RuntimeError("no page is open")
        return {
            "engagement_id": await self._case.id(),
            "actor": self.person.id,
            "key": f"{self._case.name}-{self._case.number()}",
            "context": page.context,
        }

    async def _tries(self, act: str, done: Awaitable[object]) -> bool:
        return await self._case.tries(self.person.name, act, done)


def in_turn(*acts: Act) -> Act:
    """One after the other."""

    async def all_of_them() -> None:
        for act in acts:
            await act()

    return all_of_them

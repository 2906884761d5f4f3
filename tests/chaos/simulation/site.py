"""The place where people write and our replies stand: the truth that a run is judged by.

It takes replies as bad platforms do: it says no after it has posted, loses the answer, posts late,
asks for patience, hides a reply for a while, and is away. What it never does is what no platform may
do if promises are to hold: to post later than it may be looked for, or to list incompletely.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from responder.delivery.ports import (
    AttemptOutcome,
    Capabilities,
    OwnReply,
    Posted,
    Posting,
    Preflight,
    ReadBack,
)
from responder.engagement.errors import Unavailable
from responder.engagement.events import EngagementReceived, Inbound
from responder.reconcile.ports import PolledPage
from tests.chaos.simulation.hosts import Host, Surroundings

SETTLE_SECONDS = 5.0
OUR_ID = "us"
PAGE = 5
LIES_A_REPLY = 3
"""After so many calls a reply is just taken; until then also when all else is well again."""

READS = Capabilities(
    push=True,
    poll=True,
    edits=True,
    deletes=True,
    posts=True,
    idempotency="none",
    reads_back=True,
    settle_seconds=SETTLE_SECONDS,
    handover_deadline_seconds=90.0,
    proof="simulator",
)
KEEPS_KEYS = replace(READS, idempotency="key", reads_back=False)
BLIND = replace(READS, reads_back=False)
HANDS_ON = replace(KEEPS_KEYS, poll=False)
"""It takes a reply, says no more than that, and sends a receipt when the reply stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A reply of ours as it stands there; `reply_id` is what only the simulation knows."""

    reply_id: object
    attempt: int
    comment_id: str
    own: OwnReply


@dataclass(slots=True)
class Written:
    """A comment there, as its author left it."""

    comment_id: str
    thread_id: str
    parent_id: str | None
    root_id: str
    author_id: str
    text: str
    made_at: datetime
    edited_at: datetime | None = None
    is_deleted: bool = False


@dataclass
class Site:
    """What stands there, and everything that ever changed, in order."""

    world: Surroundings
    capabilities: Capabilities
    is_flat: bool = False
    """It puts every reply under the root of its branch, and lists the whole branch."""
    told: Callable[[dict[str, Any]], None] = lambda _: None
    """Called with every change: a platform that pushes does so."""
    receipt: Callable[[dict[str, Any]], None] = lambda _: None
    """Called with a receipt for a reply that was handed over."""
    comments: dict[str, Written] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    replies: list[Standing] = field(default_factory=list)
    on_the_way: int = 0
    """Calls whose effect is still to come."""
    count: int = 0

    def write(self, author_id: str, text: str, *, under: str | None, thread_id: str) -> Written:
        self.count += 1
        comment_id = f"c{self.count}"
        above = None if under is None else self.comments[under]
        made = Written(
            comment_id=comment_id,
            thread_id=thread_id,
            parent_id=under,
            root_id=comment_id if above is None else above.root_id,
            author_id=author_id,
            text=text,
            made_at=self.world.clock.now(),
        )
        self.comments[comment_id] = made
        self._changed(made, "created")
        return made

    def edit(self, comment: Written, text: str) -> None:
        comment.text = text
        comment.edited_at = self.world.clock.now()
        self._changed(comment, "edited")

    def delete(self, comment: Written) -> None:
        comment.is_deleted = True
        self._changed(comment, "deleted")

    def _changed(self, comment: Written, kind: str) -> None:
        change = {
            "comment_id": comment.comment_id,
            "thread_id": comment.thread_id,
            "parent_id": comment.parent_id,
            "root_id": comment.root_id,
            "author": {"id": comment.author_id, "name": comment.author_id.title()},
            "text": comment.text,
            "published_at": comment.made_at.isoformat(),
            "edited_at": comment.edited_at and comment.edited_at.isoformat(),
            "kind": kind,
        }
        self.changes.append(change)
        self.told(change)

    def post(self, posting: Posting, *, is_public: bool = True) -> OwnReply:
        """A reply arrives; one under a key that it keeps stands only once."""
        keeps = self.capabilities.idempotency == "key"
        for standing in self.replies:
            if keeps and standing.own.idempotency_key == posting.idempotency_key:
                return standing.own
        self.count += 1
        external_id = f"r{self.count}"
        made = OwnReply(
            external_id=external_id,
            text=posting.text,
            url=f"https://site.example/{external_id}",
            posted_at=self.world.clock.now(),
            is_public=is_public,
            idempotency_key=posting.idempotency_key if keeps else None,
        )
        self.replies.append(
            Standing(
                reply_id=posting.reply_id,
                attempt=posting.attempt,
                comment_id=posting.comment_id,
                own=made,
            )
        )
        if is_public:
            self._echo(posting, made)
        return made

    def publish(self, posting: Posting, hidden: OwnReply) -> None:
        """Its moderation lets through what it had hidden."""
        shown = replace(hidden, is_public=True)
        self.replies = [
            replace(each, own=shown) if each.own is hidden else each for each in self.replies
        ]
        self._echo(posting, shown)

    def _echo(self, posting: Posting, reply: OwnReply) -> None:
        """Our own reply is a comment there like any other."""
        made = Written(
            comment_id=reply.external_id,
            thread_id=posting.thread_id,
            parent_id=posting.root_id if self.is_flat else posting.comment_id,
            root_id=posting.root_id,
            author_id=OUR_ID,
            text=reply.text,
            made_at=reply.posted_at or self.world.clock.now(),
        )
        self.comments[reply.external_id] = made
        self._changed(made, "created")

    def give_receipt(self, posting: Posting, reply: OwnReply) -> None:
        """Whoever was handed the reply says where it stands."""
        said = {
            "reply_id": str(posting.reply_id),
            "thread_id": posting.thread_id,
            "comment_id": reply.external_id,
            "url": reply.url,
        }
        self.receipt(said)

    def under(self, comment_id: str) -> list[OwnReply]:
        """What a person sees there of ours."""
        return [each.own for each in self.replies if each.comment_id == comment_id]

    def listed(self, posting: Posting) -> tuple[OwnReply, ...]:
        """What it lists where this reply would stand."""
        if not self.is_flat:
            return tuple(self.under(posting.comment_id))
        branch = {c.comment_id for c in self.comments.values() if c.root_id == posting.root_id}
        return tuple(each.own for each in self.replies if each.comment_id in branch)


class SitePlatform:
    """`delivery.ports.ReplyPlatform`: how a process speaks with the site."""

    def __init__(
        self, host: Host, site: Site, later: Callable[[float, Callable[[], None]], None]
    ) -> None:
        """`later` lets something happen there after so many seconds, whoever is alive by then."""
        self._host = host
        self._world = host.world
        self._site = site
        self._later = later

    @property
    def capabilities(self) -> Capabilities:
        return self._site.capabilities

    async def preflight(self, posting: Posting) -> Preflight:
        await self._host.step("preflight")
        chance = self._world.chance
        await asyncio.sleep(chance.choice((0.0, 0.0, chance.random() * 3.0)))
        if self._world.weather.is_site_away:
            return Preflight.OK
        there = self._site.comments.get(posting.comment_id)
        return Preflight.GONE if there is None or there.is_deleted else Preflight.OK

    async def reply(self, posting: Posting) -> Posted:
        await self._host.step("connect")
        if self._world.clock.monotonic() >= posting.send_before:
            return _said(AttemptOutcome.NOT_SENT)
        if self._world.weather.is_site_away:
            return _said(AttemptOutcome.NOT_SENT)
        posted = await self._answer(posting)
        await self._host.step("answered")
        return posted

    async def _answer(self, posting: Posting) -> Posted:
        """From here on no byte can be called back."""
        chance = self._world.chance
        if posting.attempt > LIES_A_REPLY or chance.random() < 0.45:
            return await self._takes(posting)
        ways = [self._loses, self._posts_and_loses, self._posts_late, self._says_no]
        ways += [self._asks_for_patience, self._is_slow, self._hides, self._is_not_reached]
        if self._site.capabilities.idempotency != "key":  # who keeps keys does not lie about them
            ways.append(self._posts_and_says_no)
        return await chance.choice(ways)(posting)

    async def _takes(self, posting: Posting) -> Posted:
        made = self._site.post(posting)
        if self._site.capabilities is not HANDS_ON:
            return _sent(made)
        wait = self._world.chance.uniform(0.0, 30.0)
        self._after(wait, lambda: self._site.give_receipt(posting, made))
        return _said(AttemptOutcome.HANDED_OVER)

    async def _loses(self, _posting: Posting) -> Posted:
        return _said(AttemptOutcome.UNKNOWN)

    async def _posts_and_loses(self, posting: Posting) -> Posted:
        self._site.post(posting)
        return _said(AttemptOutcome.UNKNOWN)

    async def _posts_late(self, posting: Posting) -> Posted:
        wait = self._world.chance.random() * (SETTLE_SECONDS - 1.0)
        self._after(wait, lambda: self._site.post(posting))
        return _said(AttemptOutcome.UNKNOWN)

    async def _posts_and_says_no(self, posting: Posting) -> Posted:
        self._site.post(posting)
        return _said(AttemptOutcome.REFUSED)

    async def _says_no(self, _posting: Posting) -> Posted:
        return _said(AttemptOutcome.REFUSED)

    async def _asks_for_patience(self, _posting: Posting) -> Posted:
        wait = self._world.chance.uniform(1.0, 10.0)
        return replace(_said(AttemptOutcome.THROTTLED), after_seconds=wait)

    async def _is_slow(self, posting: Posting) -> Posted:
        made = self._site.post(posting)
        await asyncio.sleep(self._world.chance.uniform(1.0, 18.0))
        return _sent(made)

    async def _hides(self, posting: Posting) -> Posted:
        hidden = self._site.post(posting, is_public=False)
        if not hidden.is_public:
            wait = self._world.chance.uniform(1.0, 60.0)
            self._after(wait, lambda: self._site.publish(posting, hidden))
        return replace(_sent(hidden), outcome=AttemptOutcome.HANDED_OVER)

    async def _is_not_reached(self, _posting: Posting) -> Posted:
        return _said(AttemptOutcome.NOT_SENT)

    def _after(self, seconds: float, happens: Callable[[], object]) -> None:
        self._site.on_the_way += 1

        def happen() -> None:
            self._site.on_the_way -= 1
            happens()

        self._later(seconds, happen)

    async def read_back(self, posting: Posting) -> ReadBack | None:
        await self._host.step("read back")
        is_lost = self._world.weather.is_rough and self._world.chance.random() < 0.1
        if self._world.weather.is_site_away or is_lost:
            return None
        listed = self._site.listed(posting)
        await self._host.step("listing")
        return ReadBack(replies=listed, is_complete=True)


def _said(outcome: AttemptOutcome) -> Posted:
    return Posted(outcome=outcome, detail="as the seed says")


def _sent(reply: OwnReply) -> Posted:
    return Posted(
        outcome=AttemptOutcome.SENT,
        external_id=reply.external_id,
        url=reply.url,
        posted_at=reply.posted_at,
    )


class SiteReader:
    """`reconcile.ports.PollPlatform`: everything that ever changed, a few at a time."""

    def __init__(self, host: Host, site: Site) -> None:
        self._host = host
        self._site = site

    async def poll(self, cursor: str | None, budget: int) -> PolledPage:
        del budget
        await self._host.step("poll site")
        if self._host.world.weather.is_site_away:
            raise Unavailable(what="the site", why="it is away")
        start = int(cursor or 0)
        page = self._site.changes[start : start + PAGE]
        await self._host.step("page")
        return PolledPage(
            events=tuple(map(inbound, page)),
            cursor=str(start + len(page)),
            has_more=start + len(page) < len(self._site.changes),
        )


def inbound(change: dict[str, Any]) -> Inbound:
    return EngagementReceived.model_validate(change)

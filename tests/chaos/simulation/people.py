"""Whoever acts from outside: authors who write, a site that pushes, people who decide."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from responder.engagement.errors import Conflict, Invalid, Retryable
from responder.engagement.lifecycle import ENDS, OPEN, State
from responder.engagement.model import DismissalReason, PersonId, ReplyId
from responder.intake.ports import Push
from responder.review.commands import (
    Approve,
    Dismiss,
    FoundThere,
    Reopen,
    SendAgain,
    Undo,
)
from responder.testing.twin.review import Shown
from tests.chaos.simulation.hosts import ConnectionLost, signed
from tests.chaos.simulation.roles import KEY_BYTES, SPAM, Process, push_source
from tests.chaos.simulation.site import OUR_ID, SETTLE_SECONDS, Written
from tests.chaos.simulation.world import World

AUTHORS = ("ann", "ben", "cem", "dee", "eve")
PUSHES_MOST = 1_000


class Authors:
    """Write, edit and delete, in a few threads; sometimes one of us answers by hand."""

    def __init__(self, world: World, comments: int) -> None:
        self._world = world
        self._comments = comments

    async def run(self) -> None:
        chance, site = self._world.chance, self._world.site
        for _ in range(self._comments):
            await asyncio.sleep(chance.expovariate(1 / 2.5))
            thread_id = chance.choice(("t1", "t2", "t3"))
            near = [c for c in self._alive() if c.thread_id == thread_id]
            under = chance.choice(near).comment_id if near and chance.random() < 0.4 else None
            text = SPAM if chance.random() < 0.05 else f"What about {site.count}?"
            site.write(chance.choice(AUTHORS), text, under=under, thread_id=thread_id)
            self._change_something()

    def _change_something(self) -> None:
        chance, site = self._world.chance, self._world.site
        theirs = [c for c in self._alive() if c.author_id != OUR_ID]
        if not theirs:
            return
        one = chance.choice(theirs)
        match chance.choice(["", "", "", "", "edit", "edit", "delete", "by hand"]):
            case "edit":
                site.edit(one, f"{one.text} And {site.count}?")
            case "delete":
                site.delete(one)
            case "by hand":
                text = f"By hand, {site.count}."
                site.write(OUR_ID, text, under=one.comment_id, thread_id=one.thread_id)
            case _:
                pass

    def _alive(self) -> list[Written]:
        return [each for each in self._world.site.comments.values() if not each.is_deleted]


class Pusher:
    """The site pushes each change until it is told that it was taken; some it never pushes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._count = 0

    def push(self, change: dict[str, Any]) -> None:
        chance = self._world.chance
        if self._world.site_is_read and chance.random() < 0.35:
            return
        body = json.dumps({"type": "engagement.received.v1", "data": change}).encode()
        self.send(body)

    def push_receipt(self, said: dict[str, Any]) -> None:
        self.send(json.dumps({"type": "reply.posted.v1", "data": said}).encode())

    def send(self, body: bytes) -> None:
        self._count += 1
        self._world.spawn(self._until_taken(body, f"push_{self._count}"))

    async def _until_taken(self, body: bytes, push_id: str) -> None:
        chance = self._world.chance
        await asyncio.sleep(chance.choice((0.0, 0.01, chance.uniform(0.0, 5.0))))
        await self._repeat(body, push_id)
        if chance.random() < 0.1:  # it has forgotten
            await asyncio.sleep(chance.uniform(0.0, 20.0))
            await self._repeat(body, push_id)

    async def _repeat(self, body: bytes, push_id: str) -> None:
        for _ in range(PUSHES_MOST):
            if await self._push(body, push_id):
                return
            await asyncio.sleep(self._world.chance.uniform(0.5, 4.0))
        raise TimeoutError(f"{push_id} was never taken")

    async def _push(self, body: bytes, push_id: str) -> bool:
        """Whether a 2xx came back."""
        world = self._world
        if world.is_lost_on_the_way():
            return False
        headers = signed(KEY_BYTES, push_id, world.clock.now(), body)
        push = Push(headers=headers, body=body)
        try:
            taken = await world.ask(
                "gateway", lambda process: process.intake.take(push_source(), push)
            )
        except (ConnectionLost, Retryable, TimeoutError):
            return False
        if world.is_lost_on_the_way():
            return False
        world.acknowledged.update(event.id for event in taken.events)
        world.acknowledged_letters.update(letter.id for letter in taken.letters)
        return True


class Reviewer:
    """Looks at what is open and decides; takes back, is late, and sometimes decides too fast."""

    def __init__(self, world: World, person_id: PersonId) -> None:
        self._world = world
        self._person_id = person_id
        self._doubted_since: dict[tuple[ReplyId | None, int], float] = {}
        """By reply and attempt: a later one may be under way, whatever was known before."""

    async def run(self) -> None:
        chance = self._world.chance
        while True:
            await asyncio.sleep(chance.uniform(0.3, 4.0))
            await self._one_comment()
            await self._one_letter()

    async def _one_comment(self) -> None:
        chance, rows = self._world.chance, self._world.tables.engagements.rows
        wanted = [row.id for row in rows.values() if self._is_for_a_person(row.state)]
        if not wanted:
            return
        engagement_id = chance.choice(wanted)
        try:
            shown = await self._world.ask(
                "console", lambda process: process.review_work.shown(engagement_id)
            )
        except (ConnectionLost, Retryable, TimeoutError):
            return
        await asyncio.sleep(chance.choice((0.0, 0.5, chance.uniform(0.0, 6.0))))
        await self._decide(shown)

    def _is_for_a_person(self, state: State) -> bool:
        return state in OPEN or (self._world.weather.is_rough and state in ENDS)

    async def _decide(self, shown: Shown) -> None:
        match shown.locked.state:
            case State.AWAITING_REVIEW if shown.locked.held is None:
                await self._review(shown)
            case State.DELIVERY_UNKNOWN:
                await self._look_there(shown)
            case State.DELIVERY_FAILED:
                await self._give(Reopen(**self._form(shown)), lambda r: r.review.reopen)
            case State.ANSWERED | State.DISMISSED if self._world.chance.random() < 0.03:
                await self._give(Reopen(**self._form(shown)), lambda r: r.review.reopen)
            case state if state not in ENDS and self._world.chance.random() < 0.4:
                await self._undo(shown)
            case _:
                pass

    async def _review(self, shown: Shown) -> None:
        chance = self._world.chance
        undo_seconds = chance.choice((0, 2, 5))
        if chance.random() < 0.15:
            dismiss = Dismiss(
                **self._form(shown),
                reason=DismissalReason.OFF_TOPIC,
                undo_seconds=undo_seconds,
            )
            done = await self._give(dismiss, lambda r: r.review.dismiss)
        else:
            own = f"An answer to {shown.comment.comment_id}: {self._world.next_number()}."
            common = "Thank you for asking."
            text = chance.choice((shown.draft or own, own, common))
            approve = Approve(**self._form(shown), text=text, undo_seconds=undo_seconds)
            done = await self._give(approve, lambda r: r.review.approve)
        if done and self._world.weather.is_rough and chance.random() < 0.5:
            await asyncio.sleep(max(0.0, chance.uniform(-0.2, 1.2) + undo_seconds))
            await self._undo(shown)

    async def _undo(self, shown: Shown) -> None:
        undo = Undo(engagement_id=shown.engagement_id, actor=self._person_id)
        with suppress(ConnectionLost, Retryable, TimeoutError, Conflict, Invalid):
            await self._world.ask("console", lambda process: process.review.undo(undo))

    async def _look_there(self, shown: Shown) -> None:
        """Whoever looks looks well: not before what is under way must have arrived."""
        now = self._world.clock.monotonic()
        since = self._doubted_since.setdefault(shown.doubt, now)
        if now - since < 2 * SETTLE_SECONDS or self._world.weather.is_site_away:
            return
        del self._doubted_since[shown.doubt]
        there = self._world.site.under(shown.comment.comment_id)
        ours = [reply for reply in there if reply.text == shown.reply_text]
        if ours:
            found = FoundThere(**self._form(shown), url=ours[-1].url or "https://site.example/")
            await self._give(found, lambda r: r.review.found_there)
        elif self._world.chance.random() < 0.7:
            await self._give(SendAgain(**self._form(shown)), lambda r: r.review.send_again)
        else:
            await self._give(Reopen(**self._form(shown)), lambda r: r.review.reopen)

    def _form(self, shown: Shown) -> dict[str, Any]:
        return {
            "engagement_id": shown.engagement_id,
            "actor": self._person_id,
            "key": str(self._world.next_number()),
            "context": shown.locked.context,
        }

    async def _give(
        self, command: Any, act: Callable[[Process], Callable[[Any], Awaitable[None]]]
    ) -> bool:
        """Press until there is an answer, with the same form: its key makes that harmless."""
        for _ in range(5):
            try:
                await self._world.ask("console", lambda process: act(process)(command))
            except (ConnectionLost, Retryable, TimeoutError):
                await asyncio.sleep(0.5)
            except (Conflict, Invalid):
                return False
            else:
                return True
        return False

    async def _one_letter(self) -> None:
        """Hand it back once or twice; drop what stays unreadable."""
        letters = self._world.tables.letters.rows.values()
        open_ones = [row for row in letters if row.status == "open"]
        if not open_ones or self._world.chance.random() < 0.5:
            return
        row = self._world.chance.choice(open_ones)
        desk = "retry" if row.counts is False or self._world.chance.random() < 0.5 else "drop"

        async def act(process: Process) -> None:
            if desk == "retry":
                await process.letter_desk.retry(row.letter.id, actor=self._person_id)
            else:
                await process.letter_desk.drop(row.letter.id, actor=self._person_id, note="")

        with suppress(ConnectionLost, Retryable, TimeoutError, Conflict, Invalid):
            await self._world.ask("console", act)

"""From the push to the posted reply, each role a process, with kills and a rebalance in the middle.

One run, looked at from all sides: comments come in by signed webhooks, CloudEvents and a producer
of the log; one of two triage processes is killed and another one joins, delivery is killed in the
middle of a call, the relay is restarted. An editor approves whatever waits.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from responder.adapters.postgres.dsn import Dsn
from responder.app.roles import STAGES
from responder.testing.kafka import ExternalKafka, KafkaCluster
from responder.testing.roles import Role, Roles, roles_on_kafka
from responder.testing.running import Finished, eventually
from responder.testing.webhook_receiver import Received, WebhookReceiver
from tests.e2e.kafka.conftest import new_prefix
from tests.e2e.kafka.kit import (
    PATIENCE_SECONDS,
    SECRETS,
    Comment,
    Editor,
    Ledger,
    Progress,
    Sender,
    comments,
    configuration,
    example_of,
    produce_unreadable,
    progress,
    reply_to,
    session,
)

pytestmark = pytest.mark.kafka

EXAMPLE = Path(__file__).parents[3] / "docs" / "how-to" / "produce-to-kafka.md"
FATAL_DELIVERY = 6
"""Delivery dies when this many replies stand at the receiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is left when everything is over."""

    acknowledged: set[tuple[str, str]]
    """Source and comment id, of pushes and of records."""
    engagements: Sequence[tuple[str, str, str]]
    """Source, comment id and state."""
    received: Sequence[Received]
    replies: Sequence[str]
    """The texts that stand at the receiver."""
    fatal: Received
    """The delivery that its sender did not survive."""
    unreadable: Sequence[str]
    """Why each dead letter could not be read."""
    statuses: Sequence[str]
    """What the receipts of pushes say at the end."""
    progress: Progress
    verified: Finished
    exit_codes: Sequence[int]

    @property
    def of_the_forum(self) -> set[str]:
        return {comment_id for source, comment_id in self.acknowledged if source == "forum"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcome(
    kafka: KafkaCluster | ExternalKafka,
    module_database: Dsn,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Outcome]:
    async with WebhookReceiver(SECRETS.forum) as receiver, session() as http:
        with roles_on_kafka(
            tmp_path_factory.mktemp("roles"),
            database_url=module_database.url(),
            bootstrap_servers=kafka.bootstrap_servers,
            prefix=new_prefix(),
            configuration=configuration(receiver.url),
        ) as roles:
            roles.environment |= SECRETS.environment()
            yield await Story(roles, receiver, Ledger(module_database.url()), http).tell()


class Story:
    """The run itself."""

    def __init__(
        self, roles: Roles, receiver: WebhookReceiver, ledger: Ledger, http: aiohttp.ClientSession
    ) -> None:
        self._roles = roles
        self._receiver = receiver
        self._ledger = ledger
        self._http = http
        self._servers = roles.environment["RESPONDER_KAFKA__BOOTSTRAP_SERVERS"]
        self._prefix = roles.environment["RESPONDER_KAFKA__TOPIC_PREFIX"]
        self._alive: dict[str, Role] = {}
        self._produced: set[tuple[str, str]] = set()
        self._fatal: asyncio.Future[Received] = asyncio.get_running_loop().create_future()

    async def tell(self) -> Outcome:
        migrated = await self._roles.command("migrate")
        assert migrated.code == 0, migrated.said
        await self._start()
        self._receiver.before_answering = self._kill_delivery
        sender = Sender(self._alive["gateway"].url, self._http)
        editor = asyncio.create_task(Editor(self._alive["console"].url, self._http).work())
        try:
            await self._go_through_it(sender)
            await self._everything_is_answered(len(sender.acknowledged | self._produced))
        finally:
            editor.cancel()
            with suppress(asyncio.CancelledError):
                await editor
        return await self._outcome(sender)

    async def _start(self) -> None:
        console = self._alive["console"] = await self._roles.start("console")
        self._roles.environment["RESPONDER_SERVER__PUBLIC_URL"] = console.url
        for name in ("gateway", *STAGES):
            self._alive[name] = self._roles.launch(name)
        self._alive["triage 2"] = self._roles.launch("triage")
        for role in self._alive.values():
            await role.ready()

    async def _go_through_it(self, sender: Sender) -> None:
        first, second, third = comments("f1", 18), comments("f2", 18), comments("f3", 9)
        await asyncio.gather(
            sender.push_all(first, comments("n1", 8)), self._produce(comments("p1", 9))
        )
        await produce_unreadable(self._servers, self._prefix + "engagement.received")
        await self._ledger.holds(5)

        self._alive.pop("triage").kill()
        joining = self._alive["triage 3"] = self._roles.launch("triage")
        await asyncio.gather(
            sender.push_all(second, comments("n2", 8)),
            self._produce(comments("p2", 9)),
            joining.ready(),
        )

        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.shield(self._fatal)
        stopping = self._alive.pop("relay")
        assert await stopping.stop() == 0, stopping.said
        again = [self._roles.launch("delivery"), self._roles.launch("relay")]
        self._alive["delivery"], self._alive["relay"] = again
        # Senders repeat what they have pushed before, and producers too.
        await asyncio.gather(sender.push_all(third + first, []), self._produce(comments("p1", 9)))
        for role in again:
            await role.ready()

    def _kill_delivery(self, received: Received) -> None:
        if len(self._receiver.received) == FATAL_DELIVERY and not self._fatal.done():
            self._alive.pop("delivery").kill()
            self._fatal.set_result(received)

    async def _produce(self, said: Sequence[Comment]) -> None:
        """As the how-to says: its program, pasted into a file."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            example_of(EXAMPLE),
            self._servers,
            self._prefix + "engagement.received",
            "forum",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        lines = "".join(json.dumps(each) + "\n" for each in said)
        printed, _ = await process.communicate(lines.encode())
        assert process.returncode == 0
        names = [line.partition(" is record ")[0] for line in printed.decode().splitlines()]
        assert names == [each["comment_id"] for each in said]
        self._produced |= {("forum", name) for name in names}

    async def _everything_is_answered(self, count: int) -> None:
        await self._ledger.holds(count)

        async def open_ones() -> list[tuple[str, str, str]]:
            await self._ledger.free_the_abandoned()
            return [
                each
                for each in await self._ledger.states()
                if each[0] == "forum" and each[2] != "answered"
            ]

        await eventually(open_ones, lambda found: not found, PATIENCE_SECONDS)

    async def _outcome(self, sender: Sender) -> Outcome:
        reached = await eventually(
            lambda: progress(self._servers, self._prefix),
            lambda found: found.is_at_the_end,
            PATIENCE_SECONDS,
        )
        statuses = [await self._status(url) for url in sender.status_urls]
        codes = await asyncio.gather(*(role.stop() for role in self._alive.values()))
        return Outcome(
            acknowledged=sender.acknowledged | self._produced,
            engagements=await self._ledger.states(),
            received=tuple(self._receiver.received),
            replies=tuple(self._receiver.replies.values()),
            fatal=self._fatal.result(),
            unreadable=await self._ledger.unreadable(),
            statuses=statuses,
            progress=reached,
            verified=await self._roles.command("audit", "verify"),
            exit_codes=codes,
        )

    async def _status(self, url: str) -> str:
        proof = {"Authorization": f"Bearer {SECRETS.address}"}
        async with self._http.get(url, headers=proof) as answer:
            said: Any = await answer.json()
            return str(said["status"])


def test_every_acknowledged_comment_is_in_the_ledger_exactly_once(outcome: Outcome) -> None:
    assert Counter((source, name) for source, name, _ in outcome.engagements) == Counter(
        outcome.acknowledged
    )


def test_each_of_them_has_its_end_or_is_still_open(outcome: Outcome) -> None:
    ends = {source: _states_of(outcome.engagements, source) for source in ("forum", "news")}
    assert ends == {"forum": {"answered"}, "news": {"awaiting_review"}}


def test_each_reply_stands_at_the_receiver_exactly_once(outcome: Outcome) -> None:
    assert Counter(outcome.replies) == Counter(map(reply_to, outcome.of_the_forum))


def test_the_reply_whose_sender_died_in_the_call_was_repeated_under_its_own_key(
    outcome: Outcome,
) -> None:
    repeats = [each for each in outcome.received if each.webhook_id == outcome.fatal.webhook_id]
    assert [each.text for each in repeats] == [outcome.fatal.text] * 2


def test_what_could_not_be_read_is_kept_with_the_reason(outcome: Outcome) -> None:
    assert len(outcome.unreadable) == 4
    for why in ("not JSON", "no source nobody", "not source/thread_id", "ce_type is none of"):
        assert [why in each for each in outcome.unreadable].count(True) == 1


def test_every_receipt_leads_to_what_became_of_the_push(outcome: Outcome) -> None:
    assert set(outcome.statuses) == {"answered", "in the queue"}


def test_every_group_has_committed_to_the_end_of_what_it_reads(outcome: Outcome) -> None:
    assert outcome.progress.is_at_the_end
    assert outcome.progress.records > 3 * len(outcome.acknowledged)


def test_the_audit_finds_nothing_missing(outcome: Outcome) -> None:
    assert outcome.verified.code == 0, outcome.verified.said
    assert "The record of changes holds" in outcome.verified.said


def test_every_process_that_was_told_to_stop_ended_well(outcome: Outcome) -> None:
    assert outcome.exit_codes == [0] * 10


def _states_of(engagements: Iterable[tuple[str, str, str]], source: str) -> set[str]:
    return {state for name, _, state in engagements if name == source}

"""What a clock's steps do beside warning: a person is asked, a webhook of ours is told."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from sqlalchemy import text

from responder.access.model import Role
from responder.access.service import Access
from responder.adapters.postgres.clock_steps import ClockSteps
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.figures import PostgresFigures
from responder.adapters.postgres.messages import PostgresMessages
from responder.adapters.postgres.people import PostgresPeople
from responder.adapters.postgres.retention import Retention
from responder.adapters.system import SystemClock, SystemIds, SystemRandom
from responder.engagement.workspace import Queue, SlaPolicy, Step
from responder.platforms.webhook_messages import WebhookMessages
from responder.sla.ports import Heard, Message, Webhook
from responder.sla.telling import TRY_SECONDS, WAITS_SECONDS, Telling
from responder.testing.factories import comment, workspace
from responder.testing.ledger import Bench, migrated, open_bench
from responder.testing.loopback import loopback_http
from responder.testing.postgres import TestServer
from responder.testing.webhook_receiver import ToldReceiver

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
POLICY = SlaPolicy(
    "an-hour",
    timedelta(hours=1),
    steps=(
        Step(name="ana", offset=timedelta(minutes=-30), person="ana"),
        Step(name="pager", offset=timedelta(), queue="leads", webhook="duty"),
        Step(name="nobody", offset=timedelta(hours=1), person="Bo"),
    ),
)
CONFIGURATION = workspace(
    policies=MappingProxyType({"an-hour": POLICY}),
    queues=MappingProxyType(
        {"default": Queue("default", "Inbox", "an-hour"), "leads": Queue("leads", "Leads")}
    ),
)


@pytest_asyncio.fixture
async def bench(postgres_server: TestServer) -> AsyncIterator[Bench]:
    template = await postgres_server.template("ledger", migrated)
    database = await postgres_server.fresh(template)
    async with open_bench(database, configuration=CONFIGURATION) as opened:
        yield opened
    await postgres_server.drop(database)


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[ToldReceiver]:
    async with ToldReceiver(KEY) as opened:
        yield opened


@pytest.fixture
def telling(bench: Bench, receiver: ToldReceiver) -> Telling:
    return teller(bench, {"duty": _duty(receiver)})


def _duty(receiver: ToldReceiver) -> Webhook:
    return WebhookMessages(
        http=loopback_http(receiver.url),
        clock=SystemClock(),
        url=receiver.url,
        secrets=[KEY],
        console_url="https://console.example",
    )


def teller(bench: Bench, webhooks: Mapping[str, Webhook]) -> Telling:
    return Telling(
        messages=PostgresMessages(bench.engine),
        webhooks=webhooks,
        clock=bench.clock,
        random=SystemRandom(seed=1),
    )


async def passes(bench: Bench, minutes: float) -> int:
    """Gives how many steps were taken then."""
    bench.clock.forward(60 * minutes)
    return await bench.steps.take_due(at=bench.clock.now())


async def clock_acts(bench: Bench) -> list[tuple[str, str | None]]:
    history = (await bench.item()).history
    return [(each.act, each.reason) for each in history if each.actor == "clock"]


async def rows(bench: Bench, statement: str) -> list[Any]:
    async with transaction(bench.engine) as connection:
        return list((await connection.execute(text(statement))).all())


async def test_a_step_puts_a_comment_before_a_person_by_any_spelling_of_the_name(
    bench: Bench,
) -> None:
    access = Access(
        store=PostgresPeople(bench.engine), clock=bench.clock, ids=SystemIds(SystemClock())
    )
    ana = await access.add("Ana", Role.APPROVER)
    await bench.arrives(comment())
    await passes(bench, 31)
    row = (await bench.item()).row
    assert (row.assigned_to, row.assigned_name, row.queue) == (ana.id, "Ana", "default")
    assert await clock_acts(bench) == [("escalated", "step ana, for ana")]
    await bench.audited()


async def test_a_name_that_nobody_has_is_said_and_the_step_is_taken_all_the_same(
    bench: Bench,
) -> None:
    await bench.arrives(comment())
    assert await passes(bench, 31) == 1
    assert (await bench.item()).row.assigned_to is None
    assert await clock_acts(bench) == [("escalated", "step ana, for ana, whom nobody here is")]


async def test_a_webhook_is_told_once_where_to_look_and_nothing_of_the_author(
    bench: Bench, receiver: ToldReceiver, telling: Telling
) -> None:
    await bench.arrives(comment())
    await passes(bench, 61)
    assert await telling.run()
    assert not await telling.run()
    [told] = receiver.told
    item = await bench.item()
    identifier = str(item.row.engagement_id)
    assert (told["type"], told["data"]) == (
        "clock.step",
        {
            "engagement_id": identifier,
            "source": item.row.source,
            "comment_id": "c1",
            "step": "pager",
            "due_at": _iso(item.row.due_at),
            "received_at": _iso(item.row.received_at),
            "queue": "leads",
            "person": None,
            "permalink": item.comment.permalink,
            "url": f"https://console.example/engagements/{identifier}",
        },
    )
    assert (await clock_acts(bench))[-2:] == [
        ("escalated", "step pager, to leads, webhook duty"),
        ("told", "webhook duty"),
    ]
    await bench.audited()


async def test_a_receiver_that_is_away_is_told_later_under_the_same_id(
    bench: Bench, receiver: ToldReceiver, telling: Telling
) -> None:
    receiver.answers += [web.Response(status=503), web.Response(status=500)]
    await bench.arrives(comment())
    await passes(bench, 61)
    tries = [await _after(bench, telling, seconds) for seconds in (0, 1, 5, 1, 30, 36_000)]
    assert tries == [True, False, True, False, True, False]
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1
    assert (await clock_acts(bench))[-1] == ("told", "webhook duty")


async def test_what_cannot_be_told_is_given_up_in_the_end_and_that_stands_in_the_history(
    bench: Bench, receiver: ToldReceiver, telling: Telling
) -> None:
    receiver.answers += [web.Response(status=503) for _ in range(20)]
    await bench.arrives(comment())
    await passes(bench, 61)
    tries = [await _after(bench, telling, seconds) for seconds in _longest()]
    assert tries == [True] * (1 + len(WAITS_SECONDS)) + [False]
    assert len(receiver.ids) == 1 + len(WAITS_SECONDS)
    assert (await clock_acts(bench))[-1] == ("not_told", "webhook duty: 503")


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 410},
        {"status": 400, "headers": {"webhook-delivery": "abort-message"}},
    ],
)
async def test_a_receiver_that_asks_us_to_stop_is_not_told_again(
    bench: Bench, receiver: ToldReceiver, telling: Telling, answer: dict[str, Any]
) -> None:
    receiver.answers.append(web.Response(**answer))
    await bench.arrives(comment())
    await passes(bench, 61)
    assert [await _after(bench, telling, seconds) for seconds in (0, 36_000)] == [True, False]
    assert (await clock_acts(bench))[-1][0] == "not_told"


async def test_a_receiver_that_asks_for_more_time_gets_it(
    bench: Bench, receiver: ToldReceiver, telling: Telling
) -> None:
    receiver.answers.append(web.Response(status=429, headers={"Retry-After": "600"}))
    await bench.arrives(comment())
    await passes(bench, 61)
    assert [await _after(bench, telling, each) for each in (0, 500, 100)] == [True, False, True]


async def test_a_teller_that_died_in_the_middle_is_followed_by_another_one(
    bench: Bench, receiver: ToldReceiver, telling: Telling
) -> None:
    await bench.arrives(comment())
    await passes(bench, 61)
    now = bench.clock.now()
    messages = PostgresMessages(bench.engine)
    assert await messages.claim(at=now, again_at=now + timedelta(seconds=TRY_SECONDS)) is not None
    tries = [await _after(bench, telling, seconds) for seconds in (0, TRY_SECONDS)]
    assert (tries, len(receiver.told)) == ([False, True], 1)


async def test_two_that_told_the_same_leave_one_entry(bench: Bench, telling: Telling) -> None:
    await bench.arrives(comment())
    await passes(bench, 61)
    now = bench.clock.now()
    messages = PostgresMessages(bench.engine)
    slow = await messages.claim(at=now, again_at=now + timedelta(seconds=TRY_SECONDS))
    assert slow is not None
    assert await _after(bench, telling, TRY_SECONDS)
    await messages.told(slow, at=bench.clock.now())
    await messages.given_up(slow, at=bench.clock.now(), why="it took too long")
    assert [act for act, _ in await clock_acts(bench)].count("told") == 1
    assert "not_told" not in [act for act, _ in await clock_acts(bench)]


async def test_a_webhook_that_is_not_known_here_yet_is_told_once_it_is(
    bench: Bench, receiver: ToldReceiver, telling: Telling
) -> None:
    """Another process may have read the configuration before this one did."""
    await bench.arrives(comment())
    await passes(bench, 61)
    assert await _after(bench, teller(bench, {}), 0)
    assert await _after(bench, telling, 6)
    assert (len(receiver.told), (await clock_acts(bench))[-1][0]) == (1, "told")


async def test_a_webhook_that_nobody_knows_is_given_up_in_the_end(bench: Bench) -> None:
    await bench.arrives(comment())
    await passes(bench, 61)
    strangers = teller(bench, {})
    for seconds in _longest():
        await _after(bench, strangers, seconds)
    act = ("not_told", "webhook duty: no such webhook is configured here")
    assert (await clock_acts(bench))[-1] == act


_ALL_BUT_THE_LAST_TO_THE_DEAD = """
    UPDATE webhook_message SET
      webhook = CASE WHEN id = (SELECT max(id) FROM webhook_message) THEN 'duty' ELSE 'dead' END,
      next_at = next_at + CASE
        WHEN id = (SELECT max(id) FROM webhook_message) THEN interval '1 second' ELSE '0' END
    """


class Silent:
    """A receiver that takes its time, and then the whole of it."""

    def __init__(self, others: Callable[[], Awaitable[object]]) -> None:
        self._others = others

    async def tell(self, message: Message) -> Heard:
        """Whatever others can be told meanwhile is told."""
        await self._others()
        return Heard(is_told=False, why=f"no answer to {message.id}")


async def test_a_receiver_that_does_not_answer_keeps_no_other_one_waiting(
    bench: Bench, receiver: ToldReceiver
) -> None:
    await bench.arrives(*(comment(f"c{n}", thread_id=f"t{n}") for n in range(6)))
    await passes(bench, 61)
    async with transaction(bench.engine) as connection:
        await connection.execute(text(_ALL_BUT_THE_LAST_TO_THE_DEAD))
    bench.clock.forward(2)
    webhooks: dict[str, Webhook] = {}
    tellers = teller(bench, webhooks)
    webhooks |= {"dead": Silent(tellers.run), "duty": _duty(receiver)}
    assert await tellers.run()
    assert len(receiver.told) == 1
    assert not await tellers.run()


async def test_a_step_whose_taker_dies_has_told_nobody(bench: Bench) -> None:
    """The message is left in the transaction of the step, or not at all."""
    await bench.arrives(comment())
    bench.clock.forward(3_660)
    async with transaction(bench.engine) as connection:
        await connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    with pytest.raises(Exception, match="audit_entry"):
        await ClockSteps(bench.engine).take_due(at=bench.clock.now())
    assert await rows(bench, "SELECT * FROM webhook_message") == []
    assert await rows(bench, "SELECT * FROM clock_step WHERE done_at IS NOT NULL") == []


async def test_how_long_nobody_acts_on_what_clocks_came_to_is_known(bench: Bench) -> None:
    """The comment of these tests came long ago, by the database's clock."""

    async def behind() -> float:
        figures = PostgresFigures(
            bench.engine, workspace=lambda: bench.configuration, capabilities=dict
        )
        return (await figures.figures()).clocks_behind_seconds

    assert await behind() == 0.0
    await bench.arrives(comment())
    assert await behind() > 3_600
    at = SystemClock().now()
    assert await bench.misses.record_due(at=at) == 1
    assert await behind() > 3_600  # the steps are not taken yet
    assert await bench.steps.take_due(at=at) == 3
    assert await behind() == 0.0


async def test_told_messages_are_let_go_of_after_a_month(
    bench: Bench, receiver: ToldReceiver, telling: Telling
) -> None:
    await bench.arrives(comment("c1"), comment("c2", thread_id="t2"))
    await passes(bench, 61)
    assert await telling.run()
    async with transaction(bench.engine) as connection:
        await connection.execute(
            text(
                "UPDATE webhook_message SET settled_at = now() - interval '31 days' WHERE why IS NULL AND next_at IS NULL"
            )
        )
    await Retention(bench.engine, inbox_days=30).prune()
    [left] = await rows(bench, "SELECT settled_at FROM webhook_message")
    assert left.settled_at is None  # it has not been told yet, however old
    assert len(receiver.told) == 1


async def _after(bench: Bench, telling: Telling, seconds: float) -> bool:
    bench.clock.forward(1.1 * seconds)
    return await telling.run()


def _longest() -> Iterable[float]:
    return (0.0, *WAITS_SECONDS, 86_400.0)


def _iso(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")

"""What Prometheus is shown is what the ledger holds; nothing there is 0, not absent."""

from responder.adapters.postgres.figures import PostgresFigures
from responder.testing.factories import comment
from responder.testing.ledger import Bench

OPEN = ("first-reply", "default")


def figures(bench: Bench) -> PostgresFigures:
    return PostgresFigures(bench.engine, workspace=lambda: bench.configuration)


async def test_an_empty_ledger_shows_its_queues_targets_and_topics_as_zero(bench: Bench) -> None:
    shown = await figures(bench).figures()
    assert shown.backlog[OPEN].items == 0
    assert shown.due == {("first-reply", how): 0 for how in ("met", "missed", "excused")}
    assert {each.items for each in shown.outbox.values()} == {0}
    assert shown.drift == 0


async def test_each_comment_counts_where_it_stands(bench: Bench) -> None:
    await bench.arrives(comment("c1"), comment("c2", "And on a phone?"), comment("c3", ""))
    await bench.approve("c1")
    await bench.release()
    await bench.deliver()
    shown = await figures(bench).figures()
    assert shown.items == {
        "accepted": 3,
        "answered": 1,
        "dismissed": 1,
        "withdrawn": 0,
        "open": 1,
    }
    assert shown.due == {
        ("first-reply", "met"): 1,
        ("first-reply", "missed"): 0,
        ("first-reply", "excused"): 1,
    }
    assert shown.backlog[OPEN].items == 1
    assert sum(shown.first_response["published"].counts) == 1
    assert shown.first_response["published"].seconds > shown.first_response["received"].seconds


async def test_an_overdue_comment_is_missed_and_counts_once(bench: Bench) -> None:
    await bench.arrives(comment())
    bench.clock.forward(9 * 3600)
    for _ in range(2):
        await bench.releases.record_misses(at=bench.clock.now())
    shown = await figures(bench).figures()
    assert shown.due["first-reply", "missed"] == 1

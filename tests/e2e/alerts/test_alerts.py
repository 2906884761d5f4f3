"""A real Prometheus watches a running system: each fault calls somebody, and nothing else does.

Each test finds no page firing or pending, breaks one thing, waits for its alert, mends it as its
runbook says, and leaves it to the next test to see that the page has ended. The last three break what
nobody can mend so soon; each finds that its own page is not among those that fire.
"""

import pytest

from responder.testing.faulty_proxy import Fault
from responder.testing.prometheus import Alert
from responder.testing.running import eventually
from tests.e2e.alerts.kit import RULES, Watched, pushing

pytestmark = pytest.mark.asyncio(loop_scope="module")  # the system lives there

ROOT = RULES.parents[2]


def assert_tells_what_to_do(alert: Alert) -> None:
    assert "error" not in alert.annotations["summary"]
    assert alert.annotations["description"]
    assert (ROOT / alert.annotations["runbook_url"]).exists()


async def test_while_all_is_well_no_page_fires_and_the_watchdog_does(watched: Watched) -> None:
    await watched.is_quiet()
    began = await watched.prometheus.value("vector(time())")
    assert began is not None
    for number in range(5):
        await watched.taken(f"well-{number}")
    for number in range(5):
        arrived = await watched.arrived(f"How do I export notebook well-{number}")
        await watched.answer(arrived, f"By its menu, number {number}.")

    async def seconds() -> float:
        return (await watched.prometheus.value("vector(time())") or 0.0) - began

    # The longest a page takes is five minutes, which take fifteen seconds here.
    await eventually(seconds, lambda it: it > 20)
    assert await watched.prometheus.fired(20) == set()
    assert await watched.prometheus.value('count(ALERTS{alertname="Watchdog"})') == 1
    assert await watched.prometheus.broken_rules() == []


@pytest.mark.fault(39)
async def test_an_audit_role_that_is_killed_is_missed(watched: Watched) -> None:
    await watched.is_quiet()
    watched.auditor.kill()
    assert_tells_what_to_do(await watched.pages("LedgerMetricsAbsent"))
    await watched.start_auditor()


async def test_a_comment_that_nobody_answered_in_time_is_shown(watched: Watched) -> None:
    await watched.is_quiet()
    await watched.taken("old")
    waiting = await watched.arrived("How do I export notebook old")
    await watched.sql(
        "UPDATE engagement SET received_at = received_at - interval '2 hours',"
        " due_at = due_at - interval '2 hours' WHERE comment_id = 'old'"
    )
    alert = await watched.pages("OldestOpen")
    assert "2h 0m" in alert.annotations["summary"]
    assert_tells_what_to_do(alert)
    await watched.answer(waiting, "By its menu, and sorry that you had to wait.")


async def test_a_database_that_is_killed_shows_in_pushes_that_are_turned_away(
    watched: Watched,
) -> None:
    await watched.is_quiet()
    async with pushing(watched, "down"):
        await watched.server.kill()
        # Nobody can read the ledger either, which is told when it lasts.
        alert = await watched.pages("IngestUnavailable", also={"LedgerMetricsAbsent"})
        await watched.server.start()
        await watched.is_quiet()
    assert_tells_what_to_do(alert)


async def test_a_row_of_the_ledger_that_is_deleted_by_hand_is_missed(watched: Watched) -> None:
    await watched.is_quiet()
    await watched.taken("lost")
    await watched.arrived("How do I export notebook lost")
    row = "(SELECT id FROM engagement WHERE comment_id = 'lost')"
    await watched.sql(f"DELETE FROM clock_tick WHERE engagement_id = {row}")  # noqa: S608 - ours
    await watched.sql(f"DELETE FROM engagement WHERE id = {row}")  # noqa: S608 - ours
    alert = await watched.pages("ConservationBroken")
    assert alert.annotations["summary"].endswith(": 1")
    assert_tells_what_to_do(alert)


async def test_a_reply_that_stands_there_twice_is_found(watched: Watched) -> None:
    watched.blog.comment("/bread", "How long does the dough rest?")
    asked = await watched.arrived("How long does the dough rest?")
    assert "DuplicateReply" not in await watched.firing()
    watched.way_to_blog.then(Fault.REPEAT_UNANSWERED)
    await watched.answer(asked, "About twelve hours, in the cold.")
    alert = await watched.pages("DuplicateReply", also={"ConservationBroken"})
    assert alert.labels["platform"] == "isso"
    assert_tells_what_to_do(alert)


async def test_an_entry_that_was_written_into_the_record_of_changes_is_found(
    watched: Watched,
) -> None:
    """The last: what was lost and what stands twice above is still told."""
    assert "AuditChainBroken" not in await watched.firing()
    await watched.sql("""
        LOCK audit_chain;  -- else the sealer may have that number first
        INSERT INTO audit_chain SELECT number + 1, entry_id + 1000000, engagement_id, act, 'nobody',
          from_state, to_state, reason, data, at, hash
        FROM audit_chain ORDER BY number DESC LIMIT 1
        """)
    also = {"ConservationBroken", "DuplicateReply"}
    assert_tells_what_to_do(await watched.pages("AuditChainBroken", also=also))

"""What `responder sla` does: explain a due time, and bring a changed target to what is open."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest

from responder.access.model import Role
from responder.adapters.postgres.dsn import Dsn
from responder.adapters.system import SystemClock
from responder.app.admin import Admin, NobodyYet
from responder.engagement.errors import NotFound
from responder.engagement.model import EngagementId
from responder.testing.factories import NOON, comment
from responder.testing.ledger import open_bench

CONFIGURATION = """
[queues.default]
sla = "first-reply"

[sla.first-reply]
target = "{target}"
"""
NOBODY = EngagementId(UUID(int=7))
DUE = "So a public reply is due by Wed 4 Mar 2026, {hour}:00 (UTC)."


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], None]:
    """Write such a target where the commands look for the configuration."""

    def write(target: str) -> None:
        text = CONFIGURATION.format(target=target)
        (tmp_path / "responder.toml").write_text(text, encoding="utf-8")

    return write


async def some_comments(ledger: Dsn, at: datetime = NOON) -> EngagementId:
    """Two that came then, with eight hours for an answer."""
    first = comment("c1", published_at=at)
    second = comment("c2", thread_id="t2", published_at=at)
    async with open_bench(ledger) as bench:
        await bench.arrives(first, second)
        return await bench.id_of("c1")


async def test_a_due_time_is_explained(
    ledger: Dsn, admin: Admin, write: Callable[[str], None]
) -> None:
    write("8h")
    engagement_id = await some_comments(ledger)
    assert list(await admin.due_explained(engagement_id))[-1] == DUE.format(hour=20)


async def test_what_is_not_there_has_no_explanation(
    admin: Admin, write: Callable[[str], None]
) -> None:
    write("8h")
    with pytest.raises(NotFound):
        await admin.due_explained(NOBODY)


async def test_a_changed_target_is_shown_and_then_brought_to_what_is_open(
    ledger: Dsn, admin: Admin, write: Callable[[str], None]
) -> None:
    engagement_id = await some_comments(ledger, SystemClock().now())
    await admin.add_person("Ada", Role.ADMIN)
    write("4h")
    before = list(await admin.due_explained(engagement_id))
    shown = await admin.preview_clocks()
    assert (shown.looked_at, shown.earlier, shown.late_at_once) == (2, 2, 0)
    assert list(await admin.due_explained(engagement_id)) == before
    done = await admin.change_clocks(name=None, reason="a new promise")
    assert done.first == shown.first
    told = list(await admin.due_explained(engagement_id))
    assert "other terms were set, by Ada: a new promise" in told[1]
    assert told[-1] != before[-1]


async def test_nobody_changes_clocks_before_there_is_somebody(
    ledger: Dsn, admin: Admin, write: Callable[[str], None]
) -> None:
    write("4h")
    await some_comments(ledger, SystemClock().now())
    with pytest.raises(NobodyYet):
        await admin.change_clocks(name=None, reason="a new promise")
    assert (await admin.preview_clocks()).earlier == 2

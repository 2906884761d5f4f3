"""The twin as the contract of the ledger's ports sees it."""

from dataclasses import replace
from datetime import datetime, timedelta

from responder.adapters.system import SystemIds
from responder.delivery.ports import AttemptOutcome
from responder.engagement.context import digest
from responder.engagement.events import read_event
from responder.engagement.lifecycle import State
from responder.engagement.model import EngagementId, ReplyId
from responder.testing.contracts.ledger_bench import LedgerUnderTest, Ports, WatchedPlace
from responder.testing.factories import workspace
from responder.testing.ledger import MovedClock
from responder.testing.twin.deliveries import TwinDeliveryWork
from responder.testing.twin.drafts import TwinDraftingLedger
from responder.testing.twin.letters import TwinLetterDesk, TwinLetters
from responder.testing.twin.relay import TwinReleases
from responder.testing.twin.review import TwinReviewWork
from responder.testing.twin.store import OpenWire
from responder.testing.twin.tables import AttemptRow, DecisionRow, Ledger, Tables
from responder.testing.twin.triage import TwinTriageWork


def twin_under_test() -> LedgerUnderTest:
    """A fresh twin with the real services on it."""
    clock, configuration = MovedClock(), workspace()
    ids = SystemIds(clock)
    ledger = Ledger(Tables(clock), OpenWire())
    ports = Ports(
        triage=TwinTriageWork(ledger),
        review=TwinReviewWork(ledger),
        delivery=TwinDeliveryWork(ledger, ids),
        drafting=TwinDraftingLedger(ledger, ids, workspace=configuration),
        releases=TwinReleases(ledger),
        letters=TwinLetters(ledger),
        letter_desk=TwinLetterDesk(ledger, read_again=lambda *_: ()),
        view=TwinView(ledger.tables),
    )
    place = WatchedPlace(clock)
    return LedgerUnderTest(ports, clock=clock, place=place, workspace=configuration)


class TwinView:
    """Reads the tables as they are committed."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def id_of(self, comment_id: str) -> EngagementId:
        rows = self._tables.engagements.rows.values()
        return next(row.id for row in rows if row.name[1] == comment_id)

    async def states(self) -> dict[str, State]:
        return {row.name[1]: row.state for row in self._tables.engagements.rows.values()}

    async def context(self, comment_id: str) -> str:
        comments = [row.comment for row in self._tables.comments.rows.values()]
        shown = next(each for each in comments if each.comment_id == comment_id)
        return digest(shown, [each for each in comments if each.thread_id == shown.thread_id])

    async def acts(self, comment_id: str) -> list[str]:
        item = await self.id_of(comment_id)
        entries = sorted(self._tables.entries.rows.items())
        return [entry.act for _, entry in entries if entry.engagement_id == item]

    async def told(self) -> list[str]:
        records = [row.record for _, row in sorted(self._tables.outbox.rows.items())]
        return [read_event(each.headers, each.value).data.type for each in records]

    async def attempts(self, comment_id: str) -> list[AttemptOutcome | None]:
        return [row.outcome for row in await self._attempts(comment_id)]

    async def keys(self, comment_id: str) -> list[str]:
        return [row.idempotency_key for row in await self._attempts(comment_id)]

    async def _attempts(self, comment_id: str) -> list[AttemptRow]:
        replies = {row.id for row in await self._decisions(comment_id)}
        rows = [row for row in self._tables.attempts.rows.values() if row.reply_id in replies]
        return sorted(rows, key=lambda row: (row.started_at, row.number))

    async def decisions(self, comment_id: str) -> list[str]:
        return [row.status for row in await self._decisions(comment_id)]

    async def reply_id(self, comment_id: str) -> ReplyId:
        return ReplyId((await self._decisions(comment_id))[-1].id)

    async def _decisions(self, comment_id: str) -> list[DecisionRow]:
        item = await self.id_of(comment_id)
        rows = [row for row in self._tables.decisions.rows.values() if row.engagement_id == item]
        return sorted(rows, key=lambda row: row.made_at)

    async def drafts(self, comment_id: str) -> list[str | None]:
        item = await self.id_of(comment_id)
        rows = sorted(self._tables.drafts.rows.items(), key=lambda each: each[0][1])
        return [row.drafted.text for (of, _), row in rows if of == item]

    async def letters(self) -> list[str]:
        return [row.status for row in self._tables.letters.rows.values()]

    async def next_step_at(self) -> datetime | None:
        due = [row.next_at for row in self._tables.jobs.rows.values() if row.next_at is not None]
        return min(due, default=None)

    async def leases_end(self) -> None:
        ended = self._tables.clock.now() - timedelta(seconds=1)
        jobs, inbox = self._tables.jobs.rows, self._tables.inbox.rows
        jobs |= {key: replace(row, leased_until=ended) for key, row in jobs.items()}
        inbox |= {
            key: replace(row, lease_until=ended) for key, row in inbox.items() if not row.is_done
        }

"""Dead letters in memory: rows, and what a person does with them; also where each source is read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

from responder.engagement.deadletter import ID_HEADER, PUSH, Buried
from responder.engagement.errors import NotFound
from responder.engagement.events import EngagementReceived, Event
from responder.engagement.model import PersonId, SourceId
from responder.engagement.record import Entry
from responder.stream.log import NewRecord
from responder.testing.twin.recording import append_entries, append_events, append_record
from responder.testing.twin.tables import Ledger, LedgerTransaction, LetterRow, SourceRow

ACCEPTING = frozenset({PUSH, "relay", "triage"})
ReadAgain: TypeAlias = Callable[[str, Sequence[tuple[str, str]], bytes], tuple[Event, ...]]


class TwinLetters:
    """Writes what the dead-letter topic holds into the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._letters = ledger.tables.letters

    async def take(self, letters: Sequence[Buried]) -> None:
        """One row for each record; one that failed again after a retry is open again."""
        async with self._ledger.begin() as tx:
            for letter in sorted(letters, key=lambda each: each.id):
                await tx.lock(("letter", letter.id))
                self._store(tx, letter)

    def _store(self, tx: LedgerTransaction, letter: Buried) -> None:
        row = tx.get(self._letters, letter.id)
        if row is None:
            counts = letter.topic == EngagementReceived.topic and letter.stage in ACCEPTING
            fresh = LetterRow(letter=letter, status="open", counts=counts, attempts=letter.attempts)
            tx.insert(self._letters, letter.id, fresh)
        elif (
            row.status in {"retried", "settled"}
            and row.letter.last_failed_at < letter.last_failed_at
        ):
            again = replace(
                row,
                status="open",
                attempts=row.attempts + letter.attempts,
                letter=replace(row.letter, why=letter.why, last_failed_at=letter.last_failed_at),
            )
            tx.put(self._letters, letter.id, again)

    async def settle(self, dead_letter_id: UUID) -> None:
        """A record that was retried is dealt with: its row is closed."""
        await self._settle([dead_letter_id], stage=None)

    async def settle_sent(self, dead_letters: Sequence[UUID], *, stage: str) -> None:
        """Close those that were retried and had failed in this stage, where they now succeeded."""
        if dead_letters:
            await self._settle(dead_letters, stage=stage)

    async def _settle(self, dead_letters: Sequence[UUID], *, stage: str | None) -> None:
        async with self._ledger.begin() as tx:
            for each in sorted(dead_letters):
                await tx.lock(("letter", each))
                row = tx.get(self._letters, each)
                if (
                    row is not None
                    and row.status == "retried"
                    and stage in {None, row.letter.stage}
                ):
                    tx.put(self._letters, each, replace(row, status="settled"))


class TwinLetterDesk:
    """`review.ports.DeadLetterDesk` on the ledger in memory."""

    def __init__(self, ledger: Ledger, *, read_again: ReadAgain) -> None:
        self._ledger = ledger
        self._letters = ledger.tables.letters
        self._read_again = read_again

    async def retry(self, dead_letter_id: UUID, *, actor: PersonId) -> None:
        async with self._ledger.begin() as tx:
            row = await self._locked(tx, dead_letter_id, {"open"})
            if row.letter.stage == PUSH:
                self._retry_push(tx, row)
            else:
                self._retry_record(tx, row)
            self._entry(tx, "dead_letter_retried", dead_letter_id, actor)

    def _retry_push(self, tx: LedgerTransaction, row: LetterRow) -> None:
        """Read it again and put on the log what it holds. Raises Invalid: nothing changed."""
        letter = row.letter
        headers = [(name, value.decode("utf-8", "replace")) for name, value in letter.headers]
        events = self._read_again(letter.source or "", headers, letter.value)
        append_events(tx, events)
        tx.put(self._letters, letter.id, replace(row, status="settled"))

    def _retry_record(self, tx: LedgerTransaction, row: LetterRow) -> None:
        """Hand the record back to its topic; its row is closed by whoever handles it."""
        letter = row.letter
        tx.put(self._letters, letter.id, replace(row, status="retried"))
        headers = (*letter.headers, (ID_HEADER, str(letter.id).encode()))
        record = NewRecord(letter.topic, letter.key or b"", letter.value, headers)
        event_id = f"retry:{letter.id}:{row.attempts}:{letter.last_failed_at.isoformat()}"
        append_record(tx, record, event_id=event_id)

    async def drop(self, dead_letter_id: UUID, *, actor: PersonId, note: str) -> None:
        async with self._ledger.begin() as tx:
            row = await self._locked(tx, dead_letter_id, {"open", "retried"})
            tx.put(self._letters, dead_letter_id, replace(row, status="dropped"))
            self._entry(tx, "dead_letter_dropped", dead_letter_id, actor)
        del note  # shown to people only

    async def _locked(
        self, tx: LedgerTransaction, dead_letter_id: UUID, wanted: set[str]
    ) -> LetterRow:
        await tx.lock(("letter", dead_letter_id))
        await tx.statement()
        row = tx.get(self._letters, dead_letter_id)
        if row is None or row.status not in wanted:
            raise NotFound(what="open record", name=str(dead_letter_id))
        return row

    def _entry(
        self, tx: LedgerTransaction, act: str, dead_letter_id: UUID, actor: PersonId
    ) -> None:
        entry = Entry(
            engagement_id=None,
            act=act,
            actor=f"person:{actor}",
            data={"dead_letter_id": str(dead_letter_id)},
        )
        append_entries(tx, [entry])


class TwinCursors:
    """`reconcile.ports.Cursors` on the ledger in memory."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._sources = ledger.tables.sources

    async def load(self, source: SourceId) -> str | None:
        async with self._ledger.begin() as tx:
            await tx.statement()
            row = tx.get(self._sources, source)
            return None if row is None else row.cursor

    async def save(self, source: SourceId, cursor: str) -> None:
        async with self._ledger.begin() as tx:
            await tx.lock(("source", source))
            row = tx.get(self._sources, source) or SourceRow()
            tx.put(self._sources, source, replace(row, cursor=cursor))

    async def note(self, source: SourceId, *, ok: bool, note: str) -> None:
        """Nobody reads it here."""
        del source, ok, note
        await self._ledger.wire.statement()

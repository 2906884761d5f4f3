"""People, sessions and sign-in links in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.access.model import (
    NameTaken,
    Person,
    Preferences,
    Role,
    Session,
    Shortcuts,
    Theme,
)
from responder.access.ports import SignedIn
from responder.adapters.postgres.engine import transaction
from responder.engagement.errors import NotFound
from responder.engagement.model import PersonId

PEOPLE_SCHEMA_SQL = (
    """
    CREATE TABLE IF NOT EXISTS person (
        id           uuid PRIMARY KEY,
        name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
        role         text NOT NULL CHECK (role IN ('viewer', 'reviewer', 'approver', 'admin')),
        undo_seconds integer NOT NULL DEFAULT 10 CHECK (undo_seconds BETWEEN 0 AND 120),
        shortcuts    text NOT NULL DEFAULT 'on' CHECK (shortcuts IN ('on', 'alt', 'off')),
        theme        text NOT NULL DEFAULT 'system' CHECK (theme IN ('system', 'light', 'dark')),
        created_at   timestamptz NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX IF NOT EXISTS person_name ON person (lower(name))",
    """
    CREATE TABLE IF NOT EXISTS session (
        digest     bytea PRIMARY KEY CHECK (length(digest) = 32),
        id         uuid NOT NULL UNIQUE,
        person_id  uuid NOT NULL REFERENCES person ON DELETE CASCADE,
        agent      text NOT NULL,
        created_at timestamptz NOT NULL,
        seen_at    timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS session_person ON session (person_id)",
    """
    CREATE TABLE IF NOT EXISTS sign_in_link (
        digest     bytea PRIMARY KEY CHECK (length(digest) = 32),
        person_id  uuid NOT NULL REFERENCES person ON DELETE CASCADE,
        expires_at timestamptz NOT NULL
    )
    """,
)
"""Idempotent, in order. A spent link is a deleted row; only hashes of secrets are here."""


class PostgresPeople:
    """Implements `responder.access.ports.AccessStore`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, person: Person, *, at: datetime) -> None:
        try:
            await self._run(
                "INSERT INTO person (id, name, role, undo_seconds, shortcuts, theme, created_at)"
                " VALUES (:id, :name, :role, :undo_seconds, :shortcuts, :theme, :at)",
                id=person.id,
                name=person.name,
                role=person.role.value,
                undo_seconds=person.preferences.undo_seconds,
                shortcuts=person.preferences.shortcuts.value,
                theme=person.preferences.theme.value,
                at=at,
            )
        except IntegrityError:
            raise NameTaken(name=person.name) from None

    async def named(self, name: str) -> Person:
        rows = await self._run(
            "SELECT p.* FROM person p WHERE lower(p.name) = lower(:name)", name=name
        )
        return _one_person(rows, name)

    async def person(self, person_id: PersonId) -> Person:
        rows = await self._run("SELECT p.* FROM person p WHERE p.id = :id", id=person_id)
        return _one_person(rows, str(person_id))

    async def everybody(self) -> Sequence[Person]:
        rows = await self._run("SELECT p.* FROM person p ORDER BY lower(p.name)")
        return [_person(row) for row in rows]

    async def prefer(self, person_id: PersonId, preferences: Preferences) -> None:
        await self._run(
            "UPDATE person SET undo_seconds = :undo_seconds, shortcuts = :shortcuts,"
            " theme = :theme WHERE id = :id",
            id=person_id,
            undo_seconds=preferences.undo_seconds,
            shortcuts=preferences.shortcuts.value,
            theme=preferences.theme.value,
        )

    async def give_role(self, person_id: PersonId, role: Role) -> None:
        await self._run(
            "WITH given AS (UPDATE person SET role = :role WHERE id = :id)"
            " DELETE FROM session WHERE person_id = :id",
            id=person_id,
            role=role.value,
        )

    async def open_session(self, session: Session, *, person: PersonId, digest: bytes) -> None:
        await self._run(
            "INSERT INTO session (digest, id, person_id, agent, created_at, seen_at, expires_at)"
            " VALUES (:digest, :id, :person, :agent, :created_at, :seen_at, :expires_at)",
            digest=digest,
            id=session.id,
            person=person,
            agent=session.agent.replace("\x00", ""),
            created_at=session.created_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
        )

    async def signed_in(self, digest: bytes, *, now: datetime) -> SignedIn | None:
        rows = await self._run(
            "SELECT p.*, s.id AS session_id, s.agent, s.created_at AS opened_at, s.seen_at,"
            " s.expires_at FROM session s JOIN person p ON p.id = s.person_id"
            " WHERE s.digest = :digest AND s.expires_at > :now",
            digest=digest,
            now=now,
        )
        return SignedIn(person=_person(rows[0]), session=_session(rows[0])) if rows else None

    async def seen(self, session_id: UUID, *, now: datetime) -> None:
        await self._run(
            "UPDATE session SET seen_at = :now WHERE id = :id AND seen_at < :now",
            id=session_id,
            now=now,
        )

    async def sessions_of(self, person_id: PersonId, *, now: datetime) -> Sequence[Session]:
        rows = await self._run(
            "SELECT s.id AS session_id, s.agent, s.created_at AS opened_at, s.seen_at,"
            " s.expires_at FROM session s WHERE s.person_id = :id AND s.expires_at > :now"
            " ORDER BY s.seen_at DESC, s.id",
            id=person_id,
            now=now,
        )
        return [_session(row) for row in rows]

    async def end_session(self, session_id: UUID, *, person: PersonId) -> None:
        await self._run(
            "DELETE FROM session WHERE id = :id AND person_id = :person",
            id=session_id,
            person=person,
        )

    async def offer(
        self, digest: bytes, *, person: PersonId, now: datetime, expires_at: datetime
    ) -> None:
        await self._run(
            "WITH old AS (DELETE FROM sign_in_link WHERE expires_at <= :now)"
            " INSERT INTO sign_in_link (digest, person_id, expires_at)"
            " VALUES (:digest, :person, :expires_at)",
            digest=digest,
            person=person,
            now=now,
            expires_at=expires_at,
        )

    async def offered_to(self, digest: bytes, *, now: datetime) -> Person | None:
        rows = await self._run(
            "SELECT p.* FROM sign_in_link l JOIN person p ON p.id = l.person_id"
            " WHERE l.digest = :digest AND l.expires_at > :now",
            digest=digest,
            now=now,
        )
        return _person(rows[0]) if rows else None

    async def spend(self, digest: bytes, *, now: datetime) -> Person | None:
        # The row lock of DELETE lets exactly one of several callers see the row go.
        rows = await self._run(
            "DELETE FROM sign_in_link l USING person p"
            " WHERE l.digest = :digest AND l.expires_at > :now AND p.id = l.person_id"
            " RETURNING p.*",
            digest=digest,
            now=now,
        )
        return _person(rows[0]) if rows else None

    async def _run(self, statement: str, **values: object) -> Sequence[RowMapping]:
        async with transaction(self._engine) as connection:
            result = await connection.execute(text(statement), values)
            return result.mappings().all() if result.returns_rows else []


def _one_person(rows: Sequence[RowMapping], name: str) -> Person:
    if not rows:
        raise NotFound(what="person", name=name[:64])
    return _person(rows[0])


def _person(row: RowMapping) -> Person:
    return Person(
        id=PersonId(row["id"]),
        name=row["name"],
        role=Role(row["role"]),
        preferences=Preferences(
            undo_seconds=row["undo_seconds"],
            shortcuts=Shortcuts(row["shortcuts"]),
            theme=Theme(row["theme"]),
        ),
    )


def _session(row: RowMapping) -> Session:
    return Session(
        id=row["session_id"],
        agent=row["agent"],
        created_at=row["opened_at"],
        seen_at=row["seen_at"],
        expires_at=row["expires_at"],
    )

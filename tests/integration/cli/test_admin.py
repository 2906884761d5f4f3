"""What the command line does, on a real PostgreSQL."""

from pathlib import Path
from uuid import UUID

import pytest

from responder.access.model import NameTaken, NotAllowed, Role
from responder.adapters.postgres.dsn import Dsn
from responder.app.admin import Admin, NobodyYet, WhoActs
from responder.app.database import NothingHere, reach
from responder.app.doctor import examine
from responder.engagement.errors import NotFound, Unavailable
from responder.engagement.events import TOPICS
from responder.reconcile.ports import Level
from responder.settings import Settings

NO_LETTER = UUID(int=7)


async def test_an_empty_database_lacks_schema_and_topics_until_it_is_migrated(
    database: Dsn,
) -> None:
    admin = Admin(Settings.model_validate({"database": {"url": database.url()}}), {})
    lacking = await admin.migrate(check=True)
    assert lacking.pending
    assert lacking.missing_topics == TOPICS
    brought = await admin.migrate(check=False)
    assert (brought.applied, brought.made_topics) == (lacking.pending, TOPICS)
    assert (await admin.migrate(check=True)).is_complete


async def test_a_new_person_gets_a_link_to_the_console(admin: Admin) -> None:
    made = await admin.add_person("Ada", Role.ADMIN)
    assert made.url.startswith("http://127.0.0.1:8080/sign-in/")
    assert made.url not in repr(made)
    assert [(each.name, each.role) for each in await admin.people()] == [("Ada", Role.ADMIN)]


async def test_a_link_begins_with_the_public_address(ledger: Dsn) -> None:
    server = {"public_url": "https://reply.example.org"}
    chosen = {"database": {"url": ledger.url()}, "server": server}
    made = await Admin(Settings.model_validate(chosen), {}).add_person("Ada", Role.VIEWER)
    assert made.url.startswith("https://reply.example.org/sign-in/")


async def test_a_name_belongs_to_one_person(admin: Admin) -> None:
    await admin.add_person("Ada", Role.ADMIN)
    with pytest.raises(NameTaken):
        await admin.add_person("ada", Role.VIEWER)


async def test_a_link_for_nobody_is_refused(admin: Admin) -> None:
    with pytest.raises(NotFound, match="Bea"):
        await admin.link_person("Bea")


async def test_an_empty_ledger_verifies_with_nothing_missing(admin: Admin) -> None:
    verified = await admin.verify()
    assert verified.holds
    assert verified.balance.accepted == 0


async def test_a_record_is_dropped_in_the_name_of_the_only_one_who_may(admin: Admin) -> None:
    with pytest.raises(NobodyYet):
        await admin.drop_dead_letter(NO_LETTER, name=None, note="x")
    await admin.add_person("Ada", Role.ADMIN)
    with pytest.raises(NotFound):
        await admin.drop_dead_letter(NO_LETTER, name=None, note="x")
    await admin.add_person("Bea", Role.ADMIN)
    with pytest.raises(WhoActs, match="Ada, Bea"):
        await admin.drop_dead_letter(NO_LETTER, name=None, note="x")


async def test_who_may_not_decide_about_records_is_told_so(admin: Admin) -> None:
    await admin.add_person("Ada", Role.VIEWER)
    with pytest.raises(NotAllowed):
        await admin.drop_dead_letter(NO_LETTER, name="Ada", note="x")


async def test_the_doctor_finds_nothing_wrong_with_a_sound_installation(
    settings: Settings,
) -> None:
    found = await examine(settings, {})
    assert [each.what for each in found if each.level is Level.FAIL] == []


async def test_the_doctor_names_the_command_for_a_missing_schema(database: Dsn) -> None:
    settings = Settings.model_validate({"database": {"url": database.url()}})
    remedies = {each.what: each.remedy for each in await examine(settings, {})}
    assert remedies["schema"] == "responder migrate"


async def test_the_doctor_goes_on_when_the_database_is_away(tmp_path: Path) -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/responder"
    chosen = {"database": {"url": url}, "data": {"dir": tmp_path}}
    found = await examine(Settings.model_validate(chosen), {})
    [database] = [each for each in found if each.what == "database"]
    assert (database.level, "nobody listens there" in database.says) == (Level.FAIL, True)
    assert "hunter2" not in str(found)
    assert "log" in {each.what for each in found}


async def test_a_database_that_is_not_there_is_told_apart(ledger: Dsn) -> None:
    with pytest.raises(Unavailable, match="no database of that name"):
        await reach(ledger.on("nowhere").url())


async def test_a_folder_without_an_installation_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(NothingHere, match="responder up"):
        await Admin(Settings.model_validate({"data": {"dir": tmp_path}}), {}).people()

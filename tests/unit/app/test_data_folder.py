"""Secrets are made once and kept; nothing in the data folder is believed that is not ours."""

import os
import stat
from pathlib import Path

import pytest

from responder.adapters.system import SystemClock, SystemIds
from responder.app.announcement import Announcement
from responder.app.data_folder import DataFolder, NotOurFile, console_address, location
from responder.engagement.model import SourceId
from responder.settings import Settings

BLOG = SourceId("blog")


def _folder(path: Path) -> DataFolder:
    return DataFolder(path, SystemIds(SystemClock()))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_made_once_and_stays(tmp_path: Path) -> None:
    made = _folder(tmp_path).webhook_secret(BLOG)
    assert made.startswith("whsec_")
    assert _folder(tmp_path).webhook_secret(BLOG) == made
    assert _folder(tmp_path).webhook_secret_file(BLOG).read_text().strip() == made


def test_no_two_secrets_are_alike(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    made = [folder.webhook_secret(BLOG), folder.outgoing_secret(BLOG)]
    made += [folder.address_token(BLOG), folder.api_token(), folder.address_token(SourceId("b"))]
    assert len(set(made)) == 5


def test_a_secret_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    _folder(tmp_path).webhook_secret(BLOG)
    assert _mode(tmp_path / "secrets") == 0o700
    assert _mode(tmp_path / "secrets" / "blog.webhook-secret") == 0o600


def test_what_a_killed_start_left_does_not_stand_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / f".api-token.new-{os.getpid()}").write_text("half")
    assert _folder(tmp_path).api_token() != "half"


def test_a_link_in_place_of_a_secret_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("not a secret")
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "api-token").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        _folder(tmp_path).api_token()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_secret_that_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    folder.api_token()
    os.chown(tmp_path / "secrets" / "api-token", 65_534, 65_534)
    with pytest.raises(NotOurFile, match="belongs to somebody else"):
        folder.api_token()


def test_the_configuration_is_written_once_and_then_left_alone(tmp_path: Path) -> None:
    file = _folder(tmp_path).configuration(None)
    assert "[sources.guestbook]" in file.read_text()
    file.write_text("# mine\n")
    assert _folder(tmp_path).configuration(None).read_text() == "# mine\n"


def test_a_configuration_elsewhere_is_written_there(tmp_path: Path) -> None:
    chosen = tmp_path / "other.toml"
    assert _folder(tmp_path).configuration(chosen) == chosen
    assert chosen.exists()


def test_the_address_of_the_last_start_is_remembered(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data": {"dir": tmp_path}})
    assert console_address(settings, {}) == "http://127.0.0.1:8080"
    _folder(tmp_path).remember_address("http://127.0.0.1:40404")
    assert console_address(settings, {}) == "http://127.0.0.1:40404"


def test_the_folder_is_the_one_that_is_set(tmp_path: Path) -> None:
    assert location(Settings.model_validate({"data": {"dir": tmp_path}}), {}) == tmp_path


def test_the_ready_file_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    Announcement(
        pid=7,
        console_url="http://127.0.0.1:8080",
        sign_in_url="http://127.0.0.1:8080/sign-in/x",
        guestbook_url=None,
        webhook_url=None,
        webhook_secret=None,
        webhook_secret_file=None,
        api_url="http://127.0.0.1:8080/api/v1",
        api_token="t",  # noqa: S106 - of this test
        metrics_url="http://127.0.0.1:8081/metrics",
        data_dir=tmp_path,
    ).write(ready)
    assert '"pid": 7' in ready.read_text()
    assert _mode(ready) == 0o600
    assert list(tmp_path.iterdir()) == [ready]

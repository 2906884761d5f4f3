"""What the page of a source says about its pushes is what the gateway takes and the folder holds."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from responder.adapters.system import SystemClock, SystemIds
from responder.app.configuration import parse
from responder.app.data_folder import DataFolder
from responder.app.keys import EnvironmentKeys, FolderKeys, Keys
from responder.app.places import Connector, Places
from responder.engagement.model import SourceId
from responder.intake.ports import WayIn
from responder.settings.groups import SourceSecrets

CONFIGURATION = """
[sources.big-forum]
platform = "webhook"
title = "Forum"
outgoing_url = "https://forum.example.org/replies"

[sources.shop]
platform = "webhook"
title = "Shop"

[sources.blog]
platform = "isso"
title = "Blog"
url = "https://blog.example.org"
base_url = "https://comments.example.org"
post_as = "The team"
email = "team@example.org"
"""
FORUM, SHOP, BLOG = SourceId("big-forum"), SourceId("shop"), SourceId("blog")
SET = SourceSecrets(
    webhook_secret=SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    address_token=SecretStr("tok"),
)


def folder_keys(path: Path, secrets: Mapping[str, SourceSecrets]) -> FolderKeys:
    return FolderKeys(DataFolder(path, SystemIds(SystemClock())), secrets)


def way_in(keys: Keys, source: SourceId, *, gateway_url: str = "http://x:8080") -> WayIn | None:
    connector = Connector(keys=keys, clock=SystemClock(), guestbook_url=None)
    places = Places()
    connector.connect(parse(CONFIGURATION, Path("responder.toml")), places)
    return connector.way_in(source, places, gateway_url=gateway_url)


def test_a_secret_that_was_made_is_in_the_file_that_is_named(tmp_path: Path) -> None:
    keys = folder_keys(tmp_path, {})
    told = way_in(keys, FORUM)
    assert told is not None
    assert told.address == f"http://x:8080/in/big-forum/{keys.of(FORUM).address_token}"
    assert Path(told.signed_with).read_text().strip() == keys.of(FORUM).webhook_secret
    assert told.replies_signed_with is not None
    assert Path(told.replies_signed_with).read_text().strip() == keys.of(FORUM).outgoing_secret


def test_a_secret_that_was_set_is_named_by_its_setting(tmp_path: Path) -> None:
    told = way_in(folder_keys(tmp_path, {"big-forum": SET}), FORUM)
    assert told is not None
    assert told.signed_with == "RESPONDER_SOURCE__BIG_FORUM__WEBHOOK_SECRET"
    assert told.replies_signed_with == str(tmp_path / "secrets" / "big-forum.outgoing-secret")


def test_where_all_is_set_and_no_secret_for_replies_they_are_signed_with_the_first() -> None:
    told = way_in(EnvironmentKeys({"big-forum": SET, "shop": SET}), FORUM, gateway_url="")
    assert told == WayIn(
        address="/in/big-forum/tok",
        signed_with="RESPONDER_SOURCE__BIG_FORUM__WEBHOOK_SECRET",
        replies_signed_with="RESPONDER_SOURCE__BIG_FORUM__WEBHOOK_SECRET",
    )


def test_a_place_that_is_only_read_has_no_way_in(tmp_path: Path) -> None:
    assert way_in(folder_keys(tmp_path, {}), BLOG) is None


def test_a_place_whose_replies_are_copied_has_no_secret_for_them(tmp_path: Path) -> None:
    told = way_in(folder_keys(tmp_path, {}), SHOP)
    assert told is not None
    assert told.replies_signed_with is None


def test_no_secret_is_in_what_would_be_logged(tmp_path: Path) -> None:
    keys = folder_keys(tmp_path, {})
    assert keys.of(SHOP).address_token not in repr(way_in(keys, SHOP))

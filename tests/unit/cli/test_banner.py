"""The banner shows what is needed, and secrets to people only."""

from dataclasses import replace
from pathlib import Path

from responder.app.announcement import Announcement
from responder.cli import banner

ANNOUNCEMENT = Announcement(
    pid=1,
    console_url="http://127.0.0.1:8080",
    sign_in_url="http://127.0.0.1:8080/sign-in/hunter2",
    guestbook_url="http://127.0.0.1:8082",
    webhook_url="http://127.0.0.1:8080/in/guestbook/hunter2",
    webhook_secret="whsec_hunter2",  # noqa: S106 - of this test
    webhook_secret_file=Path("/data/secrets/guestbook.webhook-secret"),
    api_url="http://127.0.0.1:8080/api/v1",
    api_token="hunter2",  # noqa: S106 - of this test
    metrics_url="http://127.0.0.1:8081/metrics",
    data_dir=Path("/data"),
    found="Back. 3 comments came meanwhile. Nothing is missing.",
)


def _shown(announcement: Announcement, *, with_secrets: bool) -> str:
    return "\n".join(each.plain for each in banner.lines(announcement, with_secrets=with_secrets))


def test_a_person_sees_where_everything_is_and_how_to_stop() -> None:
    shown = _shown(ANNOUNCEMENT, with_secrets=True)
    for needed in (
        ANNOUNCEMENT.sign_in_url,
        "http://127.0.0.1:8082",
        "curl -sS http://127.0.0.1:8080/in/guestbook/hunter2",
        "http://127.0.0.1:8081/metrics",
        "/data",
        "ssh -L 8080:127.0.0.1:8080 -L 8082:127.0.0.1:8082",
        "Ctrl-C",
        ANNOUNCEMENT.found,
    ):
        assert needed in shown


def test_a_person_sees_the_other_ways_from_elsewhere_and_the_page_that_explains_them() -> None:
    shown = _shown(ANNOUNCEMENT, with_secrets=True)
    assert "server.public_url" in shown
    assert "server.bind_address with TLS" in shown
    assert banner.ELSEWHERE in shown
    page = (Path(__file__).parents[3] / banner.ELSEWHERE).read_text(encoding="utf-8")
    for variable in ("PUBLIC_URL", "BIND_ADDRESS", "TLS_CERTIFICATE_FILE", "TLS_KEY_FILE"):
        assert f"RESPONDER_SERVER__{variable}" in page


def test_a_journal_keeps_no_secret() -> None:
    shown = _shown(ANNOUNCEMENT, with_secrets=False)
    assert "hunter2" not in shown
    assert "responder user link" in shown


def test_a_demo_says_so_first() -> None:
    first = _shown(replace(ANNOUNCEMENT, is_demo=True), with_secrets=True).splitlines()[0]
    assert first.startswith("Demo: invented people; nothing leaves this computer")


def test_an_installation_without_guestbook_shows_neither_its_page_nor_a_line_to_paste() -> None:
    announcement = replace(
        ANNOUNCEMENT, guestbook_url=None, webhook_url=None, webhook_secret_file=None
    )
    shown = _shown(announcement, with_secrets=True)
    assert "Guestbook" not in shown
    assert "curl" not in shown


def test_an_announcement_does_not_show_its_secrets_by_accident() -> None:
    assert "hunter2" not in repr(ANNOUNCEMENT)

"""What the terminal shows once everything serves.

Framed by two lines and not by a box with sides: what is to be copied must come out of the terminal
as it went in. Secrets are shown to a person at a terminal only; a journal keeps what it is given.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from rich.text import Text

from responder.app.announcement import Announcement
from responder.cli import curl
from responder.cli.terminal import Terminal, visible
from responder.web.console import words

LABEL_WIDTH = 11
ELSEWHERE = "docs/how-to/reach-from-elsewhere.md"


def show(terminal: Terminal, announcement: Announcement) -> None:
    terminal.rule("Responder is running")
    for line in lines(announcement, with_secrets=terminal.is_seen):
        terminal.out.print(line)
    terminal.rule()


def lines(announcement: Announcement, *, with_secrets: bool) -> Iterator[Text]:
    """The banner between its two lines."""
    if announcement.is_demo:
        yield Text(f"{words.DEMO}. Not for production.", style="bold yellow")
        yield Text()
    if announcement.found:
        yield Text(visible(announcement.found))
        yield Text()
    yield from _addresses(announcement, with_secrets=with_secrets)
    if with_secrets and announcement.webhook_url and announcement.webhook_secret_file:
        yield Text()
        yield Text("A first comment (paste it, as often as you like):", style="bold")
        yield Text(
            curl.line(url=announcement.webhook_url, secret_file=announcement.webhook_secret_file)
        )
    yield Text()
    yield from _where_and_how(announcement)


def _addresses(announcement: Announcement, *, with_secrets: bool) -> Iterator[Text]:
    if with_secrets:
        yield _labelled("Sign in", announcement.sign_in_url, "works once, for 15 minutes")
    else:
        yield _labelled("Console", announcement.console_url)
        yield _labelled("Sign in", "responder user link NAME", "makes a link that works once")
    if announcement.guestbook_url is not None:
        yield _labelled("Guestbook", announcement.guestbook_url, "a page to comment on")
    if with_secrets and announcement.webhook_url is not None:
        yield _labelled("Webhook", announcement.webhook_url)
    yield _labelled("API", announcement.api_url)
    yield _labelled("Metrics", announcement.metrics_url)


def _where_and_how(announcement: Announcement) -> Iterator[Text]:
    yield _labelled("Data", str(announcement.data_dir))
    yield _labelled("Elsewhere", _tunnel(announcement), "run on the other computer")
    yield _labelled("", "or server.public_url, or server.bind_address with TLS:", ELSEWHERE)
    yield _labelled("Stop", "Ctrl-C")


def _tunnel(announcement: Announcement) -> str:
    """The ports that a browser needs, through `ssh`."""
    urls = (announcement.console_url, announcement.guestbook_url)
    ports = [urlsplit(url).port for url in urls if url is not None]
    forwards = " ".join(f"-L {port}:127.0.0.1:{port}" for port in ports if port is not None)
    return f"ssh {forwards} THIS-MACHINE"


def _labelled(label: str, value: str, remark: str = "") -> Text:
    line = Text(label.ljust(LABEL_WIDTH), style="bold")
    line.append(visible(value), style="not bold")
    if remark:
        line.append(f"   ({remark})", style="dim not bold")
    return line

"""The line of the banner is run by a real shell, and what it sends is signed as it should be."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typing_extensions import override

from responder.cli import curl
from responder.engagement.events import EngagementReceived
from responder.intake.ports import Push, Verified
from responder.intake.secrets import Rotating, Secret
from responder.platforms.standard_webhooks import StandardWebhooks

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDpFfT4f9oQVM="  # noqa: S105 - of this test


@contextmanager
def _receiver() -> Iterator[tuple[str, list[Push]]]:
    """A server on this machine that keeps what it is sent."""
    received: list[Push] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            received.append(Push(headers=headers, body=body))
            self.send_response(202)
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    serving = Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/in/guestbook/token", received
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_pasted_line_signs_when_it_runs_with_a_fresh_id(shell: str, tmp_path: Path) -> None:
    secret_file = tmp_path / "the guestbook's secret"
    secret_file.write_text(SECRET + "\n")
    with _receiver() as (url, received):
        line = curl.line(url=url, secret_file=secret_file)
        for _ in range(2):
            subprocess.run(  # noqa: S603 - our own line, which is what is tested
                [shell, "-c", line], check=True, timeout=30, capture_output=True
            )
    platform = StandardWebhooks(Rotating(Secret(SECRET)))
    proofs = [platform.verify(push, now=datetime.now(UTC)) for push in received]  # noqa: TID251 - the shell has the machine's time
    assert [type(proof) for proof in proofs] == [Verified, Verified]
    comments = [found.data for push in received for found in platform.parse(push).found]
    assert all(isinstance(each, EngagementReceived) and each.text == curl.TEXT for each in comments)
    assert len({each.thread_id for each in comments}) == 2


def test_the_secret_does_not_stand_in_the_line(tmp_path: Path) -> None:
    assert "whsec_C2FV" not in curl.line(url="http://x/", secret_file=tmp_path / "secret")

"""What a start tells: to a person on the terminal, and to a script by the ready-file."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from responder.app.data_folder import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Everything serves; here is where."""

    pid: int
    console_url: str
    """Without a slash at the end, as every address here."""
    sign_in_url: str = field(repr=False)
    """Works once, for 15 minutes."""
    guestbook_url: str | None
    """None: there is no guestbook."""
    webhook_url: str | None = field(repr=False)
    """Where the guestbook's pushes go; None without it."""
    webhook_secret: str | None = field(repr=False)
    webhook_secret_file: Path | None
    """Where that secret stands, 0600."""
    api_url: str
    api_token: str = field(repr=False)
    metrics_url: str
    data_dir: Path
    found: str = ""
    """What was found at start, in a sentence or more; empty at the first start."""
    is_demo: bool = False

    def as_json(self) -> str:
        """The ready-file: one object."""
        return json.dumps(
            {
                "pid": self.pid,
                "console_url": self.console_url,
                "sign_in_url": self.sign_in_url,
                "guestbook_url": self.guestbook_url,
                "webhook_url": self.webhook_url,
                "webhook_secret": self.webhook_secret,
                "api_url": self.api_url,
                "api_token": self.api_token,
                "metrics_url": self.metrics_url,
            }
        )

    def write(self, ready_file: Path) -> None:
        """Leave it for whoever waits, whole and 0600."""
        write_whole(ready_file, self.as_json())

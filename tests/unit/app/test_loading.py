"""What a process loads before it knows its roles: every one of them pays for it at each start."""

import subprocess
import sys

SPARED = ("alembic", "jinja2", "numpy", "openai", "responder.triage.lexicon")


def test_what_one_role_alone_needs_is_not_loaded_for_all() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, responder.cli.run; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "responder.app.run" in loaded
    assert [each for each in SPARED if each in loaded] == []

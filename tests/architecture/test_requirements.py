"""What is installed is locked, and what runs needs nothing that only tests have."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from responder.settings.environment import environment
from tests.architecture.source import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# The contract suites are for those who write adapters: they need the extra `testing`. Alembic runs
# `env`, and it cannot be imported otherwise.
IMPORT_EVERYTHING = """
import importlib, pkgutil, responder
skipped = ("responder.testing.contracts", "responder.adapters.postgres.migrations.env")
names = ["responder"] + [each.name for each in pkgutil.walk_packages(
    responder.__path__, "responder.") if not each.name.startswith(skipped)]
for name in names:
    importlib.import_module(name) if not name.endswith("__main__") else None
print(len(names))
"""


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.name))
def test_a_lock_names_versions_and_hashes_and_no_host(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    pinned = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pinned
    assert [line for line in pinned if "==" not in line or not line.endswith("\\")] == []


def test_everything_can_be_imported_with_what_runs_alone(tmp_path: Path) -> None:
    """From a built wheel, so that what is missing from it shows too."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [uv, "pip", "install", "--quiet", "--python", python]
    locks = [option for name in ("run", "build") for option in ("-r", f"requirements/{name}.txt")]
    _done([uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")], ROOT)
    _done([*install, "--require-hashes", *locks], ROOT)
    _done([*install, "--no-build-isolation", "--no-deps", "."], ROOT)
    imported = _done([python, "-c", IMPORT_EVERYTHING], tmp_path)
    assert int(imported) > 100


def _done(command: list[str], folder: Path) -> str:
    run = subprocess.run(  # noqa: S603 - our own commands
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **_network()},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def _network() -> dict[str, str]:
    """How packages are reached from here, and where they are kept."""
    wanted = ("HOME", "SSL_CERT_FILE", "UV_", "PIP_", "HTTP", "http", "XDG_CACHE_HOME")
    return {name: value for name, value in environment().items() if name.startswith(wanted)}

"""The command line without what the machine's own environment sets."""

import pytest

from responder.settings.environment import environment


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in environment():
        if variable.startswith("RESPONDER_") or variable in {"NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(variable)

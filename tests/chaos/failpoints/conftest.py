"""Runs of the whole path on the ledger, each in a database of its own."""

import pytest

from responder.testing.failpoints.trials import Trials
from responder.testing.postgres import TestServer


@pytest.fixture
def trials(postgres_server: TestServer) -> Trials:
    return Trials(postgres_server)

"""An installation of a test's own."""

from collections.abc import Iterator

import pytest

from responder.testing.running import Running, installation
from tests.chaos.rows.kit import CONFIGURATION


@pytest.fixture
def fresh() -> Iterator[Running]:
    """With the embedded database; not started."""
    with installation(CONFIGURATION) as running:
        yield running

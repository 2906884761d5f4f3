import asyncio
from collections.abc import Callable, Mapping

import pytest

from responder.testing.clock import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config,  # noqa: ARG001 - the hook's signature
    item: pytest.Function,  # noqa: ARG001 - the hook's signature
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Nothing in this folder waits for real time."""
    return {"simulated": VirtualTimeLoop}

"""Chosen roles in this process, over an external PostgreSQL and log: what `responder run` runs."""

from collections.abc import Callable, Collection, Mapping

from responder.settings import Settings


async def run_roles(
    settings: Settings,
    environ: Mapping[str, str],
    roles: Collection[str],
    *,
    say: Callable[[str], None],
) -> int:
    """Run until SIGINT or SIGTERM, and give the exit code."""
    raise NotImplementedError

"""What an Isso site must change, or may, so that we can read and answer there.

Only what can be asked over HTTP is judged; for the rest the check says that it cannot see it.
"""

from collections.abc import Sequence

from responder.engagement.errors import Retryable
from responder.platforms.isso.wire import IssoApi, IssoComment, Unreadable, author_id
from responder.reconcile.ports import Finding, Level

_NOBODYS_NETWORKS = ("127.0.0.0", "0.0.0.0")  # noqa: S104 - names of networks, nothing is bound
_SAMPLE = 50
_PAGES = 3


class IssoCheck:
    """The `CheckPlatform` of one Isso site.

    Args:
        site: the web site as configured, to compare with Isso's `host`.
    """

    def __init__(self, *, api: IssoApi, site: str) -> None:
        self._api = api
        self._site = site.rstrip("/")

    async def check(self) -> tuple[Finding, ...]:
        """Never raises: what cannot be reached is a finding."""
        try:
            info = await self._api.facts("/info")
            config = (await self._api.facts("/config")).get("config")
            listed = await self._api.latest(_SAMPLE)
            pages = dict.fromkeys(each.uri for each in listed or ())
            seen = [each for uri in list(pages)[:_PAGES] for each in await self._api.tree(uri)]
        except (Retryable, Unreadable) as error:
            return (_unreachable(str(error)),)
        to_self = isinstance(config, dict) and config.get("reply-to-self") is True
        return (
            Finding(level=Level.OK, what="Isso", says=f"version {_short(info.get('version'))}"),
            _host(info.get("origin"), self._site),
            _latest(is_on=listed is not None),
            _moderation(is_on=info.get("moderation") is not False),
            _reply_to_self(is_on=to_self),
            _proxies(seen),
            _RATE,
        )


def _unreachable(why: str) -> Finding:
    return Finding(
        level=Level.FAIL,
        what="Isso",
        says=f"it does not answer as Isso does. {why}".strip(),
        remedy="set the source's url to Isso's public-endpoint",
    )


def _host(origin: object, site: str) -> Finding:
    if origin == site:
        return Finding(level=Level.OK, what="[general] host", says=f"is {site}")
    return Finding(
        level=Level.WARN,
        what="[general] host",
        says=f"begins with {_short(origin)}, and the source names {site}: links may lead astray",
        remedy=f"host = {site}/",
    )


def _latest(*, is_on: bool) -> Finding:
    if is_on:
        return Finding(level=Level.OK, what="[general] latest-enabled", says="is on")
    return Finding(
        level=Level.FAIL,
        what="[general] latest-enabled",
        says="is off (Isso's default): comments on pages that we do not know are not found",
        remedy="latest-enabled = true",
    )


def _moderation(*, is_on: bool) -> Finding:
    if not is_on:
        return Finding(level=Level.OK, what="[moderation] enabled", says="is off")
    return Finding(
        level=Level.WARN,
        what="[moderation] approve-if-email-previously-approved",
        says="comments are held: each reply waits on the site until somebody activates it",
        remedy="approve-if-email-previously-approved = true, and activate our first reply",
    )


def _reply_to_self(*, is_on: bool) -> Finding:
    if is_on:
        return Finding(level=Level.OK, what="[guard] reply-to-self", says="is on")
    return Finding(
        level=Level.WARN,
        what="[guard] reply-to-self",
        says="is off: to a comment from our own network we can reply after 15 minutes only",
        remedy="reply-to-self = true",
    )


def _proxies(seen: Sequence[IssoComment]) -> Finding:
    """Behind a proxy that does not say for whom it asks, all who leave no e-mail are the proxy."""
    nobodys = {author_id(network) for network in _NOBODYS_NETWORKS}
    all_alike = any(each.hash in nobodys for each in seen)
    return Finding(
        level=Level.WARN if all_alike else Level.UNKNOWN,
        what="[server] trusted-proxies",
        says=(
            "comments come from this machine's own address: Isso takes its proxy for everybody"
            if all_alike
            else "cannot be seen from here; behind proxies each commenter's address must arrive"
        ),
        remedy="trusted-proxies = 127.0.0.1 (each proxy's address; each sends X-Forwarded-For)",
    )


_RATE = Finding(
    level=Level.UNKNOWN,
    what="[guard] ratelimit",
    says="cannot be seen from here; with Isso's default of 2 a minute our replies wait in line",
    remedy="ratelimit = 20",
)


def _short(value: object) -> str:
    text = str(value)[:100]
    return text if text.isprintable() else "?"

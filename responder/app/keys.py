"""The secrets of sources and webhooks: from the environment, or made once in the data folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from pydantic import SecretStr

from responder.app.data_folder import DataFolder
from responder.engagement.errors import Misconfigured
from responder.engagement.model import SourceId
from responder.settings.groups import SourceSecrets, WebhookSecrets

WEBHOOK = "WEBHOOK_SECRET"
OUTGOING = "OUTGOING_SECRET"


@dataclass(eq=False, kw_only=True)
class MissingSecret(Misconfigured):
    """The {owner} needs a secret; set {setting} or {setting}_FILE."""

    owner: str
    """What kind of thing, and its name."""
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKeys:
    """What one source proves itself with, and what we sign with."""

    webhook_secret: str = field(repr=False)
    previous_webhook_secret: str | None = field(default=None, repr=False)
    address_token: str = field(repr=False)
    """The last part of its address; also reads its receipts."""
    outgoing_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAt:
    """Where the secrets of one source are kept: paths, or names of settings."""

    webhook_secret: str
    outgoing_secret: str


class Keys(Protocol):
    def of(self, source: SourceId) -> SourceKeys:
        """Raises MissingSecret."""

    def kept_at(self, source: SourceId) -> KeptAt: ...

    def of_webhook(self, name: str) -> str:
        """What messages to this webhook are signed with. Raises MissingSecret."""


class EnvironmentKeys:
    """As processes of a cluster have them: everything is set, nothing is made."""

    def __init__(
        self,
        secrets: Mapping[str, SourceSecrets],
        webhooks: Mapping[str, WebhookSecrets] = MappingProxyType({}),
    ) -> None:
        self._secrets = secrets
        self._webhooks = webhooks

    def of(self, source: SourceId) -> SourceKeys:
        given = self._secrets.get(source, SourceSecrets())
        webhook = _revealed(given.webhook_secret) or _missing(source, WEBHOOK)
        return SourceKeys(
            webhook_secret=webhook,
            previous_webhook_secret=_revealed(given.previous_webhook_secret),
            address_token=_revealed(given.address_token) or _missing(source, "ADDRESS_TOKEN"),
            outgoing_secret=_revealed(given.outgoing_secret) or webhook,
        )

    def kept_at(self, source: SourceId) -> KeptAt:
        webhook = setting(source, WEBHOOK)
        has_its_own = self._secrets.get(source, SourceSecrets()).outgoing_secret is not None
        outgoing = setting(source, OUTGOING) if has_its_own else webhook
        return KeptAt(webhook_secret=webhook, outgoing_secret=outgoing)

    def of_webhook(self, name: str) -> str:
        given = _revealed(self._webhooks.get(name, WebhookSecrets()).secret)
        if given is None:
            variable = f"RESPONDER_WEBHOOK__{_in_capitals(name)}__SECRET"
            raise MissingSecret(owner=f"webhook {name}", setting=variable)
        return given


class FolderKeys:
    """As `up` has them: what is not set is made once and kept."""

    def __init__(
        self,
        folder: DataFolder,
        secrets: Mapping[str, SourceSecrets],
        webhooks: Mapping[str, WebhookSecrets] = MappingProxyType({}),
    ) -> None:
        self._folder = folder
        self._secrets = secrets
        self._webhooks = webhooks

    def of(self, source: SourceId) -> SourceKeys:
        given = self._secrets.get(source, SourceSecrets())
        folder = self._folder
        return SourceKeys(
            webhook_secret=_revealed(given.webhook_secret) or folder.webhook_secret(source),
            previous_webhook_secret=_revealed(given.previous_webhook_secret),
            address_token=_revealed(given.address_token) or folder.address_token(source),
            outgoing_secret=_revealed(given.outgoing_secret) or folder.outgoing_secret(source),
        )

    def kept_at(self, source: SourceId) -> KeptAt:
        given = self._secrets.get(source, SourceSecrets())
        webhook = self._folder.webhook_secret_file(source)
        outgoing = self._folder.outgoing_secret_file(source)
        return KeptAt(
            webhook_secret=setting(source, WEBHOOK) if given.webhook_secret else str(webhook),
            outgoing_secret=setting(source, OUTGOING) if given.outgoing_secret else str(outgoing),
        )

    def of_webhook(self, name: str) -> str:
        given = self._webhooks.get(name, WebhookSecrets())
        return _revealed(given.secret) or self._folder.message_secret(name)


def setting(source: SourceId, name: str) -> str:
    """The variable with a secret of one source."""
    return f"RESPONDER_SOURCE__{_in_capitals(source)}__{name}"


def _in_capitals(name: str) -> str:
    return name.upper().replace("-", "_")


def _missing(source: SourceId, name: str) -> str:
    raise MissingSecret(owner=f"source {source}", setting=setting(source, name))


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()

"""The settings that every text needs, those of the account and of its Service: kept in memory, confirmed for each use.

All settings together have one version: an item with a random value, which each change of a setting replaces in its own
transaction. Settings are read together with their version, as they were at one moment. Whoever uses kept settings reads
the version first. If it is another, the settings are read again. So every change that was answered before is used.

That a Service does not exist is kept too, since creating one replaces the version. Settings of an unknown age, which no
version confirms, are not used longer than MAX_AGE: while a stack is upgraded, functions of an older version may write
settings without a version.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from partyline.domain.services import Configuration, Service
from partyline.domain.webhook_configuration import WebhookConfiguration, select_configuration
from partyline.errors import Conflict
from partyline.frozen_classes import frozen
from partyline.storage import codec, keys
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.table import Table, Write, change

MAX_AGE = timedelta(minutes=1)
# Of how many Services settings are kept at most.
MAX_KEPT = 1000


@frozen
class ServiceSettings:
    """The settings of the account and of one Service.

    `configuration` is None while the account has none, and `service` when the Service does not exist.
    """

    configuration: Configuration | None = None
    account_webhooks: WebhookConfiguration = field(default_factory=WebhookConfiguration)
    service: Service | None = None
    service_webhooks: WebhookConfiguration = field(default_factory=WebhookConfiguration)

    @property
    def webhooks(self) -> WebhookConfiguration:
        """The webhooks that are in force in the Service."""
        return select_configuration(self.account_webhooks, self.service_webhooks)


@frozen
class _Kept:
    """Settings that were read at a time, under a version."""

    settings: ServiceSettings
    version: str
    read: datetime


def build_version_write() -> Write:
    """Build the write that belongs into the transaction of each change of a setting."""
    return change("version", keys.settings_version(), {"version": secrets.token_hex(8)})


def decode_version(item: Item | None) -> str:
    """Return the version in its item; the empty one while no setting was ever changed."""
    version: str = (item or {}).get("version", "")
    return version


def read_version(table: Table) -> str:
    """Read the version of all settings."""
    return decode_version(table.get(keys.settings_version()))


class SettingsCache:
    """Keeps settings for the life of a process."""

    def __init__(self, table: Table, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def fetch(self, service_sid: str, version: str) -> ServiceSettings:
        """Return the settings of a Service, which are those of this version or newer."""
        return self.find(service_sid, version) or self.load(service_sid)

    def find(self, service_sid: str, version: str) -> ServiceSettings | None:
        """Return the settings of a Service that are kept for this version; None when they must be read."""
        kept = self._kept.get(service_sid)
        return kept.settings if kept and kept.version == version and self.is_kept(service_sid) else None

    def is_kept(self, service_sid: str) -> bool:
        """Return whether settings of a Service are kept, which a version may confirm."""
        kept = self._kept.get(service_sid)
        return kept is not None and self._clock() - kept.read < MAX_AGE

    def load(self, service_sid: str) -> ServiceSettings:
        """Read the settings of a Service, and keep them.

        Settings are not kept that were read while one of them, or the version, was being written. The version of live
        connections is in the same item, and may be written without a pause when many clients come back.
        """
        read, wanted = self._clock(), _list_keys(service_sid)
        try:
            found = self._table.get_together([keys.settings_version(), *wanted])
        except Conflict:
            return _decode(self._table.get_all(wanted), wanted)
        settings = _decode(found, wanted)
        if settings.configuration is None and settings.service is None:
            # The first request of a deployment makes both.
            return settings
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[service_sid] = _Kept(settings, decode_version(found.get(keys.settings_version())), read)
        return settings


def _list_keys(service_sid: str) -> list[Key]:
    of_account, of_service = keys.account_webhooks(), keys.service_webhooks(service_sid)
    return [keys.configuration(), of_account, keys.service(service_sid), of_service]


def _decode(found: Mapping[Key, Item], wanted: Sequence[Key]) -> ServiceSettings:
    """Decode the items of the keys that `_list_keys` returned."""
    configuration, account_webhooks, service, service_webhooks = map(found.get, wanted)
    return ServiceSettings(
        codec.decode(Configuration, configuration) if configuration else None,
        codec.decode(WebhookConfiguration, account_webhooks or {}),
        codec.decode(Service, service) if service else None,
        codec.decode(WebhookConfiguration, service_webhooks or {}),
    )


@dataclass(slots=True)
class ConfirmedSettings:
    """Settings for one batch of work: confirmed when the first are asked for, and the same until its end.

    `read_version` returns the version of all settings as it is after that; it is not asked while nothing is kept that
    it may confirm. Several threads may use it.
    """

    cache: SettingsCache
    read_version: Callable[[], str]
    _version: str | None = None
    _confirmed: dict[str, ServiceSettings] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, service_sid: str) -> ServiceSettings:
        """Return the settings of a Service."""
        with self._lock:
            if service_sid not in self._confirmed:
                self._confirmed[service_sid] = self._read(service_sid)
            return self._confirmed[service_sid]

    def _read(self, service_sid: str) -> ServiceSettings:
        if not self.cache.is_kept(service_sid):
            return self.cache.load(service_sid)
        if self._version is None:
            self._version = self.read_version()
        return self.cache.fetch(service_sid, self._version)

    def fetch_service(self, sid: str) -> Service | None:
        """Return a Service; None when it does not exist."""
        return self.fetch(sid).service

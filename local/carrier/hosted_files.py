"""Host the files of texts as carriers do: the address, the credentials and the faults of each file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from local.carrier.base import NewId
from local.carrier.wire_values import basic_header, secrets_match

if TYPE_CHECKING:
    from local.config import Config

# A flaky file is returned at this attempt.
_FLAKY = 3
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "text/vcard": "vcf",
    "text/plain": "txt",
    "application/smil": "smil",
}
_PATH = re.compile(r"/files/([0-9a-f]{32})/[a-z.]+$")


class Behaviour(StrEnum):
    """How the host of a file answers requests for it."""

    GOOD = "good"
    GONE = "gone"  # 404
    FLAKY = "flaky"  # 503 twice, then it is there
    ENDLESS = "endless"  # the body never ends
    UNNAMED = "unnamed"  # its carrier names no address for it


@dataclass(slots=True)
class HostedFile:
    """A file. `content_type` is what its sender said."""

    content: bytes
    content_type: str
    behaviour: Behaviour = Behaviour.GOOD
    requests: int = field(default=0)


class HostedFiles:
    """Every file that was sent.

    Each carrier has it at an address of its own, with its own rules. Bandwidth and Vonage require Basic, Telnyx
    requires its API key. Twilio requires Basic too, and redirects to a host that rejects credentials.
    """

    def __init__(self, config: Config, new_id: NewId) -> None:
        self._public_url = config.public_url
        self._carrier_port = config.carrier_port
        self._new_id = new_id
        self._files: dict[str, HostedFile] = {}
        self._directory = Path(config.kept, "files") if config.kept else None
        self._authorizations = {
            "bandwidth": basic_header(config.bandwidth.username, config.bandwidth.password),
            "telnyx": f"Bearer {config.telnyx.api_key}",
            "twilio": basic_header(config.twilio.account_sid, config.twilio.auth_token),
            "vonage": basic_header(config.vonage.api_key, config.vonage.api_secret),
        }

    def add(self, file: HostedFile) -> str:
        """Add a file. Returns the address at which handsets show it."""
        sid = self._new_id()
        self._files[sid] = file
        if self._directory:
            # Before any text names it. What is cut off here is named by none.
            (self._directory / sid).write_bytes(file.content)
        return f"{self._public_url}/files/{sid}/picture.{_EXTENSIONS.get(file.content_type, 'bin')}"

    def get(self, sid: str) -> HostedFile | None:
        """Return a file; None when there is none."""
        return self._files.get(sid)

    def kept(self) -> dict[str, tuple[str, Behaviour]]:
        """Return the content type and the behaviour of each file."""
        return {sid: (file.content_type, file.behaviour) for sid, file in self._files.items()}

    def restore(self, files: Mapping[str, tuple[str, Behaviour]]) -> None:
        """Take up files whose contents are on disk, and remove there what is none of them."""
        if self._directory is None:
            return
        for path in self._directory.iterdir():
            if path.name in files:
                self._files[path.name] = HostedFile(path.read_bytes(), *files[path.name])
            else:
                path.unlink()

    def carrier_url(self, carrier: str, url: str) -> str:
        """Return a carrier's own address of a file, '' where it names none. Other addresses are unchanged."""
        match = _PATH.search(url)
        if match is None or match[1] not in self._files:
            return url
        if self._files[match[1]].behaviour is Behaviour.UNNAMED:
            return ""
        return f"http://127.0.0.1:{self._carrier_port}/{carrier}/media/{match[1]}/{url.rpartition('/')[2]}"

    def cdn_url(self, sid: str, name: str) -> str:
        """Return the address that Twilio redirects to, on another host."""
        return f"http://localhost:{self._carrier_port}/cdn/{sid}/{name}"

    def is_permitted(self, carrier: str, authorization: str) -> bool:
        """Whether a request has the credentials that the carrier requires."""
        return secrets_match(authorization, self._authorizations[carrier])

    def fetch(self, sid: str) -> tuple[int, HostedFile | None]:
        """Count a request for a file. Returns its status and the file."""
        file = self._files.get(sid)
        if file is None or file.behaviour is Behaviour.GONE:
            return 404, None
        file.requests += 1
        if file.behaviour is Behaviour.FLAKY and file.requests < _FLAKY:
            return 503, None
        return 200, file

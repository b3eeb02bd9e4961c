"""Files that handsets send or Twilio is given, as carriers keep them: where each is, who may have it, and what may be
wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from local.carrier.port import NewId, basic, same

if TYPE_CHECKING:
    from local.config import Config

# A flaky file is given at this attempt.
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
    """What asking for a file is like."""

    GOOD = "good"
    GONE = "gone"  # 404
    FLAKY = "flaky"  # 503 twice, then it is there
    ENDLESS = "endless"  # it goes on and on
    UNNAMED = "unnamed"  # its carrier names no address for it


@dataclass(slots=True)
class Picture:
    """A file. `content_type` is what its sender said."""

    content: bytes
    content_type: str
    behaviour: Behaviour = Behaviour.GOOD
    asked: int = field(default=0)


class Pictures:
    """Every file that was sent. Each carrier has it at an address of its own, with its own rules: Bandwidth
    and Vonage want Basic, Telnyx its API key, and Twilio, which wants Basic too, redirects to where no credentials may
    come along."""

    def __init__(self, config: Config, new_id: NewId) -> None:
        self._public_url = config.public_url
        self._carrier_port = config.carrier_port
        self._new_id = new_id
        self._kept: dict[str, Picture] = {}
        self._wanted = {
            "bandwidth": basic(config.bandwidth.username, config.bandwidth.password),
            "telnyx": f"Bearer {config.telnyx.api_key}",
            "twilio": basic(config.twilio.account_sid, config.twilio.auth_token),
            "vonage": basic(config.vonage.api_key, config.vonage.api_secret),
        }

    def keep(self, picture: Picture) -> str:
        """Keep a file; the address at which phones show it."""
        sid = self._new_id()
        self._kept[sid] = picture
        return f"{self._public_url}/files/{sid}/picture.{_EXTENSIONS.get(picture.content_type, 'bin')}"

    def get(self, sid: str) -> Picture | None:
        """A file."""
        return self._kept.get(sid)

    def at(self, carrier: str, url: str) -> str:
        """A carrier's own address of a file, '' where it names none; of anything else it is the same."""
        match = _PATH.search(url)
        if match is None or match[1] not in self._kept:
            return url
        if self._kept[match[1]].behaviour is Behaviour.UNNAMED:
            return ""
        return f"http://127.0.0.1:{self._carrier_port}/{carrier}/media/{match[1]}/{url.rpartition('/')[2]}"

    def cdn(self, sid: str, name: str) -> str:
        """Where Twilio redirects to: another host, by its name."""
        return f"http://localhost:{self._carrier_port}/cdn/{sid}/{name}"

    def is_permitted(self, carrier: str, authorization: str) -> bool:
        """Whether a request has what the carrier wants."""
        return same(authorization, self._wanted[carrier])

    def ask(self, sid: str) -> tuple[int, Picture | None]:
        """Status and file of one request for it."""
        picture = self._kept.get(sid)
        if picture is None or picture.behaviour is Behaviour.GONE:
            return 404, None
        picture.asked += 1
        if picture.behaviour is Behaviour.FLAKY and picture.asked < _FLAKY:
            return 503, None
        return 200, picture

"""/inbox: serve the files of the inbox, the web app in which staff read and write.

The work is in `static_site`. This function has no layer and no permissions: it only knows the files beside it, which
`make build` puts there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from static_site import StaticSite, build_headers, read_files

SITE = StaticSite(
    read_files(Path(__file__).parent / "site"),
    build_headers(media_origin=os.environ["MEDIA_ORIGIN"], live_url=os.environ["LIVE_URL"]),
)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer a request."""
    return SITE.serve(event)

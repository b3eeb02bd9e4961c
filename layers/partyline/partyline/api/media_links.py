"""Temporary links to files, for those who see their message: they are signed, and nothing is read to make one."""

from __future__ import annotations

from collections.abc import Callable

from partyline.api.context import Call
from partyline.media import bucket, links

# How long a link to a file is valid, in seconds.
LINK_LIFE = 300


def build_linker(call: Call) -> Callable[[str, str], str]:
    """Return the function that builds the link to a file from its SID and content type.

    All its links end at the same time. The key that signs them is fetched once.
    """
    expires, key = int(call.now.timestamp()) + LINK_LIFE, call.context.key_root()

    def build(sid: str, content_type: str) -> str:
        path = links.build_path(key, bucket.original_key(sid, content_type), expires)
        return f"{call.request.base_url}/{path}"

    return build

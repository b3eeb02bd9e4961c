"""CORS (Fetch standard): the response headers that let a web page of a listed origin read an answer.

Preflight requests reach no function: API Gateway answers them, from `DefinitionBody` of the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partyline.frozen_classes import frozen

# A page reads few headers of an answer unless they are named. `X-Amzn-RequestId` is API Gateway's.
_EXPOSED = (
    "Allow",
    "Content-Disposition",
    "Content-Range",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "Retry-After",
    "X-Amzn-RequestId",
)


@frozen
class CorsPolicy:
    """The origins whose pages may read answers. Without any, answers stay as they are."""

    origins: frozenset[str] = frozenset()

    def apply(self, event: Mapping[str, Any], response: dict[str, Any]) -> dict[str, Any]:
        """Return an API Gateway response with the headers for the page that made the request of `event`.

        Credentials are not allowed: a page sends its token in a header, and the API has no cookies.
        """
        if not self.origins:
            return response
        headers = {**response.get("headers", {}), "Vary": "Origin"}
        origin = _read_origin(event.get("headers") or {})
        if origin in self.origins:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = ", ".join(_EXPOSED)
        return {**response, "headers": headers}


def parse_origins(text: str) -> CorsPolicy:
    """Build the policy of a list that is separated by commas, empty for none."""
    return CorsPolicy(frozenset(origin for origin in text.split(",") if origin))


def _read_origin(headers: Mapping[str, str]) -> str:
    """Return the page's origin, empty for a program. HTTP/2 writes the names of headers in lower case."""
    return next((value for name, value in headers.items() if name.lower() == "origin"), "")

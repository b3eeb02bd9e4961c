"""The S3 bucket that holds all files.

<media SID>/original.<extension>    the file as it came
<media SID>/<bytes>.jpg             an image scaled to at most so many bytes
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from partyline.frozen_classes import frozen
from partyline.media import file_types


@frozen
class StoredObject:
    """A file of the bucket. `size` is in bytes; `disposition` is its Content-Disposition header."""

    content_type: str
    disposition: str
    size: int


def original_key(sid: str, content_type: str) -> str:
    """Return the key of a file as it came."""
    return f"{sid}/original.{file_types.extension_for(content_type)}"


def scaled_key(sid: str, max_bytes: int) -> str:
    """Return the key of an image scaled to at most `max_bytes`."""
    return f"{sid}/{max_bytes}.jpg"


class Bucket:
    """Reads and writes the files of a stack. Raises the errors of boto3.

    The client of S3 is built by the first call: it takes longer than the rest of a cold start, and most texts have no
    file.
    """

    def __init__(self, build_client: Callable[[], Any], name: str) -> None:
        self._build_client = cache(build_client)
        self._name = name

    @property
    def _client(self) -> Any:
        return self._build_client()

    def prepare(self) -> None:
        """Build the client now."""
        self._build_client()

    def put(self, key: str, content: bytes, content_type: str, filename: str | None = None) -> None:
        """Store a file; a second call with the same key replaces it."""
        self._client.put_object(
            Bucket=self._name,
            Key=key,
            Body=content,
            ContentType=content_type,
            ContentDisposition=content_disposition(content_type, filename or f"file.{key.rpartition('.')[2]}"),
        )

    def describe(self, key: str) -> StoredObject | None:
        """Return what is known of a file without reading its content; None when it does not exist."""
        try:
            return _to_stored_object(self._client.head_object(Bucket=self._name, Key=key))
        except ClientError as error:
            if _is_missing(error):
                return None
            raise

    def read(self, key: str) -> bytes:
        """Return the content of a file. Raises LookupError when it does not exist."""
        try:
            content: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except ClientError as error:
            if _is_missing(error):
                raise LookupError("there is no such file") from error
            raise
        return content

    def presign(self, key: str, stored: StoredObject, seconds: int) -> str:
        """Return a URL at which S3 serves a file with the headers of `stored`.

        It lasts for `seconds`, and no longer than the credentials of this function.
        """
        headers = {"ResponseContentType": stored.content_type, "ResponseContentDisposition": stored.disposition}
        url: str = self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._name, "Key": key, **headers}, ExpiresIn=seconds
        )
        return url

    def remove(self, sid: str) -> int:
        """Remove the files of one media SID; return how many there were."""
        removed = 0
        while found := self._client.list_objects_v2(Bucket=self._name, Prefix=f"{sid}/").get("Contents"):
            for item in found:
                self._client.delete_object(Bucket=self._name, Key=item["Key"])
                removed += 1
        return removed


def content_disposition(content_type: str, filename: str) -> str:
    """Build the Content-Disposition header (RFC 6266): inline for what a browser may show, else attachment.

    No character of a name can end the header.
    """
    ascii_name = re.sub(r'[^ -~]|["\\%]', "_", filename)
    disposition = "inline" if file_types.is_shown(content_type) else "attachment"
    return f"{disposition}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _to_stored_object(answer: Any) -> StoredObject:
    content_type, disposition = answer["ContentType"], answer.get("ContentDisposition", "attachment")
    # The header of a stored file follows today's rules: version 0.1.0 stored more types as inline.
    if not file_types.is_shown(content_type):
        disposition = disposition.replace("inline", "attachment", 1)
    return StoredObject(content_type, disposition, answer["ContentLength"])


def _is_missing(error: ClientError) -> bool:
    # Without the permission to list, S3 answers 403 for a key that does not exist; that is raised.
    return error.response["Error"]["Code"] in {"NoSuchKey", "404", "NotFound"}

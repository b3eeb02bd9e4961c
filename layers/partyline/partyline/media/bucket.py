"""The bucket in which files are kept.

<media SID>/original.<extension>    as it came
<media SID>/<bytes>.jpg             an image made smaller, to at most so many bytes
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from partyline.media import file_types


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file of the bucket. `size` is in bytes; `disposition` is how it is to be shown, and its name."""

    content_type: str
    disposition: str
    size: int


def original_key(sid: str, content_type: str) -> str:
    """The key of a file as it came."""
    return f"{sid}/original.{file_types.extension_for(content_type)}"


def scaled_key(sid: str, most: int) -> str:
    """The key of an image made smaller."""
    return f"{sid}/{most}.jpg"


class Bucket:
    """The files of a stack. Whatever S3 raises goes through."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, key: str, content: bytes, content_type: str, filename: str | None = None) -> None:
        """Keep a file; again with the same key it is replaced."""
        self._client.put_object(
            Bucket=self._name,
            Key=key,
            Body=content,
            ContentType=content_type,
            ContentDisposition=content_disposition(content_type, filename or f"file.{key.rpartition('.')[2]}"),
        )

    def look(self, key: str) -> StoredObject | None:
        """What is known of a file without reading it; None without one."""
        try:
            return _stored(self._client.head_object(Bucket=self._name, Key=key))
        except ClientError as error:
            if _is_missing(error):
                return None
            raise

    def read(self, key: str) -> bytes:
        """The content of a file. Raises LookupError without one."""
        try:
            content: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except ClientError as error:
            if _is_missing(error):
                raise LookupError("there is no such file") from error
            raise
        return content

    def link(self, key: str, stored: StoredObject, seconds: int) -> str:
        """S3's own URL of a file, shown as it is known to be, for so many seconds and not longer than our credentials
        last."""
        shown = {"ResponseContentType": stored.content_type, "ResponseContentDisposition": stored.disposition}
        url: str = self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._name, "Key": key, **shown}, ExpiresIn=seconds
        )
        return url

    def remove(self, sid: str) -> int:
        """Remove everything of one SID; how many files that was."""
        removed = 0
        while found := self._client.list_objects_v2(Bucket=self._name, Prefix=f"{sid}/").get("Contents"):
            for one in found:
                self._client.delete_object(Bucket=self._name, Key=one["Key"])
                removed += 1
        return removed


def _stored(answer: Any) -> StoredObject:
    kind, disposition = answer["ContentType"], answer.get("ContentDisposition", "attachment")
    # What an earlier version kept is shown by the rules of now.
    shown = disposition if file_types.is_shown(kind) else disposition.replace("inline", "attachment", 1)
    return StoredObject(kind, shown, answer["ContentLength"])


def _is_missing(error: ClientError) -> bool:
    # Without the permission to list, S3 says 403 for what is not there.
    return error.response["Error"]["Code"] in {"NoSuchKey", "404", "NotFound"}


def content_disposition(kind: str, filename: str) -> str:
    """Shown where it may be, else saved, under its name (RFC 6266); nothing in a name can end the header."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", filename)
    how = "inline" if file_types.is_shown(kind) else "attachment"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"

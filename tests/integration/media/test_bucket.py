"""The bucket, as S3 has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto import mock_aws

from partyline.media.bucket import Bucket, StoredObject


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="media")
        yield client


def test_file_is_stored_with_type_and_name_and_deleted_with_its_copies(client: Any) -> None:
    bucket = Bucket(lambda: client, "media")
    bucket.put("ME1/original.png", b"png", "image/png", 'dä"ch\r\n.png')
    bucket.put("ME1/500.jpg", b"jpeg", "image/jpeg")
    bucket.put("ME10/original.png", b"other", "image/png")
    found = bucket.describe("ME1/original.png")
    assert found
    assert (found.content_type, found.size) == ("image/png", 3)
    assert found.disposition == "inline; filename=\"d__ch__.png\"; filename*=UTF-8''d%C3%A4%22ch%0D%0A.png"
    assert bucket.read("ME1/original.png") == b"png"
    assert bucket.remove("ME1") == 2
    assert bucket.describe("ME1/500.jpg") is None
    with pytest.raises(LookupError):
        bucket.read("ME1/original.png")
    assert bucket.read("ME10/original.png") == b"other"
    assert bucket.remove("ME1") == 0


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("image/png", "inline"),
        ("audio/amr", "inline"),
        ("video/mp4", "inline"),
        ("application/pdf", "inline"),
        ("text/plain", "attachment"),
        ("text/vcard", "attachment"),
        ("application/zip", "attachment"),
        ("application/octet-stream", "attachment"),
    ],
)
def test_what_is_no_picture_sound_film_or_pdf_is_saved_not_shown(client: Any, kind: str, how: str) -> None:
    """A9: also where an earlier version kept it to be shown."""
    bucket = Bucket(lambda: client, "media")
    bucket.put("ME1/original", b"x", kind, "x.html")
    client.put_object(
        Bucket="media", Key="ME2/original", Body=b"x", ContentType=kind, ContentDisposition='inline; filename="x.html"'
    )
    for key in ("ME1/original", "ME2/original"):
        found = bucket.describe(key)
        assert found
        assert found.disposition.split("; ")[:2] == [how, 'filename="x.html"']


def test_a_link_of_s3_is_signed_and_ends_and_says_how_the_file_is_shown(client: Any) -> None:
    """A9."""
    stored = StoredObject("text/plain", 'attachment; filename="x.txt"', 1)
    link = urlsplit(Bucket(lambda: client, "media").presign("ME1/original.txt", stored, 300))
    given = parse_qs(link.query)
    assert link.path.endswith("ME1/original.txt")
    assert {"Expires", "X-Amz-Expires"} & set(given)
    assert given["response-content-disposition"] == ['attachment; filename="x.txt"']
    assert given["response-content-type"] == ["text/plain"]

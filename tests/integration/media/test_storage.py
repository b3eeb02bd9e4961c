"""The bucket, as S3 has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from partyline.media.storage import Bucket


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="media")
        yield client


def test_a_file_is_kept_with_its_type_and_name_and_goes_with_all_that_was_made_of_it(client: Any) -> None:
    bucket = Bucket(client, "media")
    bucket.put("ME1/original.png", b"png", "image/png", 'dä"ch\r\n.png')
    bucket.put("ME1/500.jpg", b"jpeg", "image/jpeg")
    bucket.put("ME10/original.png", b"other", "image/png")
    found = bucket.look("ME1/original.png")
    assert found
    assert (found.content_type, found.size) == ("image/png", 3)
    assert found.disposition == "inline; filename=\"d__ch__.png\"; filename*=UTF-8''d%C3%A4%22ch%0D%0A.png"
    assert bucket.read("ME1/original.png") == b"png"
    assert bucket.remove("ME1") == 2
    assert bucket.look("ME1/500.jpg") is None
    with pytest.raises(LookupError):
        bucket.read("ME1/original.png")
    assert bucket.read("ME10/original.png") == b"other"
    assert bucket.remove("ME1") == 0


def test_a_link_of_s3_is_signed_and_ends(client: Any) -> None:
    link = Bucket(client, "media").link("ME1/original.png", 300)
    assert "ME1/original.png" in link
    assert "Expires" in link

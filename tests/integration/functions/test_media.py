"""The functions that fetch files and hand them out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import boto3
import pytest

from partyline.carriers.base import InboundMedia as Part
from partyline.carriers.base import InboundText
from partyline.domain import sids
from partyline.domain.media import MediaReference, MediaState
from partyline.http_client import HttpResponse
from partyline.inbound import recorder
from partyline.media import ingest, links
from partyline.queues import queue_messages
from partyline.storage import messages
from partyline.storage.table import Table
from tests.integration.functions.conftest import SECRETS, Context, event, granted
from tests.support.api_harness import consult_no_webhook
from tests.support.scene import NOW, A, B, P, Q, make_scene

Load = Callable[[str], ModuleType]


def arrived(table: Table) -> MediaReference:
    make_scene(table)
    return took(table, InboundText("bandwidth", "id-1", P, A, (P, B), "", (Part("https://carrier.example/1"),)))


def took(table: Table, text: InboundText) -> MediaReference:
    """The first file of a text that came in."""
    recorded = recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(text, NOW)
    found = messages.fetch(table, recorded.conversation_sid, recorded.message_sid)
    assert found
    return MediaReference(recorded.conversation_sid, recorded.message_sid, found.message.media[0].sid)


def queued(reference: MediaReference, app: ModuleType) -> dict[str, Any]:
    sample = event("media/picture")
    sample["Records"][0]["body"] = queue_messages.encode(reference)
    return sample


def test_file_is_fetched_and_stored(
    function: Load,
    table: Table,
    called: set[str],
    monkeypatch: pytest.MonkeyPatch,
    delays: list[Mapping[str, Any]],
) -> None:
    app, reference = function("media"), arrived(table)
    part = InboundText("bandwidth", "id-2", P, A, (P, Q, B), "", (Part("https://carrier.example/0.txt"),))
    words = took(table, part)
    copy = replace(part, id="id-3", line=Q, text="STOP", media=())
    recorder.InboundRecorder(table, "IS1", consult_no_webhook).record(copy, NOW)
    called.clear()
    answers = [HttpResponse(503, b""), HttpResponse(200, b"GIF89a")]
    media_ingest: ingest.MediaIngest = app.INGEST
    monkeypatch.setattr(
        app, "INGEST", replace(media_ingest, send=lambda *given, **more: answers.pop(0), clock=lambda: NOW)
    )
    record = queued(reference, app)
    assert app.handler(record, Context())["batchItemFailures"] != []
    assert len(delays) == 1
    assert app.handler(record, Context()) == {"batchItemFailures": []}
    found = messages.fetch(table, reference.conversation_sid, reference.message_sid)
    assert found
    assert found.message.media[0].state is MediaState.READY
    key = f"{reference.media_sid}/original.gif"
    assert boto3.client("s3").get_object(Bucket="media", Key=key)["Body"].read() == b"GIF89a"
    # Another attempt comes too late and looks whose file it is.
    app.INGEST.remove_orphan(reference)
    # The words of a text, which another own number had brought before: this copy goes.
    answers.append(HttpResponse(200, b"STOP"))
    assert app.handler(queued(words, app), Context()) == {"batchItemFailures": []}
    assert messages.fetch(table, words.conversation_sid, words.message_sid) is None
    assert called == granted("media")


def test_a_sample_of_nothing_is_done_with(function: Load) -> None:
    assert function("media").handler(event("media/picture"), Context()) == {"batchItemFailures": []}


def test_a_link_is_answered_with_its_file(function: Load, secret: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS_SECRET_ARN", "carriers")
    secret({**SECRETS, "root": "key-root"})
    app = function("links")
    assert app.handler(event("links/ended"), Context())["statusCode"] == 404
    key = sids.new(sids.MEDIA) + "/original.gif"
    app.LINKS.bucket.put(key, b"GIF89a", "image/gif", "x.gif")
    path = links.build_path("key-root", key, int(datetime.now(UTC).timestamp()) + 60)
    asked = {**event("links/ended"), "pathParameters": {"proxy": path.removeprefix("media/")}}
    answer = app.handler(asked, Context())
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, "R0lGODlh", True)
    assert answer["headers"]["Content-Type"] == "image/gif"
    head = app.handler({**asked, "httpMethod": "HEAD"}, Context())
    assert (head["statusCode"], head["body"]) == (200, "")
    assert json.dumps(head)


def test_a_removed_file_takes_its_content_along(function: Load) -> None:
    app = function("cleanup")
    sid = json.loads(event("cleanup/media")["Records"][0]["body"])["sid"]
    app.BUCKET.put(f"{sid}/original.gif", b"GIF89a", "image/gif")
    app.handler(event("cleanup/media"), Context())
    assert app.BUCKET.describe(f"{sid}/original.gif") is None

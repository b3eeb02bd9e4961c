"""Uploads, what they are attached to, and who may see them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from partyline.api.request import MAX_UPLOAD
from partyline.carriers.registry import CARRIERS
from partyline.domain import sids
from partyline.domain.media import StoredMedia
from partyline.media import link_endpoint
from partyline.storage import keys
from partyline.storage import media as store
from tests.support.api_harness import BASE, ROOT, A, Api, B, P, Reply, T, W, proxy_event
from tests.support.files import Files
from tests.support.people import acting, staff

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def send(api: Api, content: bytes, path: str = "/Media", query: Mapping[str, str] = {}, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    event = proxy_event("POST", f"/v1{path}", query.items(), {"Authorization": api.authorization or "", **named})
    return api.send({**event, "body": base64.b64encode(content).decode(), "isBase64Encoded": True})


def uploaded(api: Api, content: bytes = PNG, name: str = "roof.png") -> str:
    reply = send(api, content, query={"Filename": name})
    assert reply.status == 201, reply.body
    return str(reply.body["sid"])


def files(api: Api) -> Files:
    assert isinstance(api.context.bucket, Files)
    return api.context.bucket


def opened(api: Api, link: str, method: str = "GET") -> dict[str, Any]:
    """What a link answers."""
    endpoint = link_endpoint.LinkEndpoint(files(api), lambda: ROOT, api.context.clock)
    return endpoint.serve(method, link.removeprefix(f"{BASE}/media/"))


def test_upload_is_stored_and_shown_as_by_twilios_media_service(api: Api) -> None:
    reply = send(api, PNG, query={"Filename": "roof.png", "Author": "jane"}, Content_Type="application/octet-stream")
    assert reply.status == 201
    sid = reply.body["sid"]
    assert sids.matches("ME", sid)
    link = reply.body["links"].pop("content_direct_temporary")
    url = f"{BASE}/v1/Media/{sid}"
    service = sids.default_service(api.context.account_sid)
    assert reply.body == {
        "sid": sid,
        "account_sid": api.context.account_sid,
        "service_sid": service,
        "channel_sid": None,
        "conversation_sid": None,
        "message_sid": None,
        "author": "jane",
        "category": "media",
        "content_type": "image/png",
        "filename": "roof.png",
        "size": len(PNG),
        "is_multipart_upstream": False,
        "date_created": "2026-11-22T12:00:00Z",
        "date_upload_updated": "2026-11-22T12:00:00Z",
        "date_updated": "2026-11-22T12:00:00Z",
        "url": url,
        "links": {"content": f"{url}/Content"},
    }
    assert files(api).stored == {f"{sid}/original.png": (PNG, "image/png", "roof.png")}
    shown = opened(api, link)
    assert (shown["statusCode"], base64.b64decode(shown["body"])) == (200, PNG)
    assert shown["headers"]["Content-Security-Policy"] == "default-src 'none'; sandbox"
    api.context.clock.tick(seconds=301)  # type: ignore[attr-defined]  # the test's own clock
    assert opened(api, link)["statusCode"] == 404
    again = api.get(f"/Media/{sid}")
    assert opened(api, again.body["links"]["content_direct_temporary"])["statusCode"] == 200
    assert api.get(f"/Media/{sid}/Content").headers["Location"].startswith(f"{BASE}/media/")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="roof.png"', "roof.png"),
        ("attachment; filename=roof.png", "roof.png"),
        ("attachment; filename*=UTF-8''d%C3%A4ch.png", "däch.png"),
        ('attachment; filename="../../etc/passwd"', "passwd.png"),
        ('attachment; filename="a\r\nX: y.png"', "aX: y.png"),
        ("attachment", None),
        ("", None),
    ],
)
def test_a_name_is_a_name(api: Api, disposition: str, name: str | None) -> None:
    assert send(api, PNG, Content_Disposition=disposition).body["filename"] == name


def test_a_form_with_files_is_taken_too(api: Api) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="roof.png"\r\nContent-Type: image/png\r\n\r\n'
    )
    reply = send(api, body + PNG + b"\r\n--x--\r\n", Content_Type="multipart/form-data; boundary=x")
    assert (reply.body["filename"], reply.body["size"], reply.body["content_type"]) == (
        "roof.png",
        len(PNG),
        "image/png",
    )
    assert send(api, b"nothing", Content_Type="multipart/form-data; boundary=x").error[:2] == (400, 20001)
    assert send(api, b"nothing", Content_Type="multipart/form-data").error[:2] == (400, 20001)


def named(name: bytes) -> bytes:
    """A form with a file of a name, given in its own way."""
    return b"--b0\r\nContent-Disposition: form-data; " + name + b"\r\nContent-Type: image/png\r\n\r\nx\r\n--b0--\r\n"


NESTED = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(1500))
EMPTY = b"--b0\r\n\r\n\r\n"


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(NESTED, id="forms within forms"),
        pytest.param(EMPTY * 11 + b"--b0--\r\n", id="too many parts"),
        pytest.param(named(b"a=b; " * 2000), id="a header that is too long"),
        pytest.param(EMPTY, id="no end"),
        pytest.param(b"--b0--\r\n", id="no part"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(api: Api, form: bytes) -> None:
    """A2."""
    assert send(api, form, Content_Type="multipart/form-data; boundary=b0").error[:2] == (400, 20001)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (b"filename*\n*=a; filename*1=b", None),
        (b"filename*=\x00TF-8''%@", None),
        (b"filename*=utf-8''d%C3%A4ch.html", "däch.txt"),
    ],
)
def test_a_name_in_a_form_is_a_name_or_none(api: Api, given: bytes, name: str | None) -> None:
    """A2, A9."""
    reply = send(api, named(given), Content_Type="multipart/form-data; boundary=b0")
    assert (reply.status, reply.body["filename"]) == (201, name)


@pytest.mark.parametrize(
    ("content", "declared", "name", "shown"),
    [
        (b"just words", "text/plain", "x.html", ("text/plain", "x.txt", "attachment")),
        (b"BEGIN:VCARD\r\n", "text/html", "ann.html", ("text/vcard", "ann.vcf", "attachment")),
        (b"\0\1\2", "text/html", "x.html", ("application/octet-stream", "x.bin", "attachment")),
        (PNG, "text/html", "x.html", ("image/png", "x.png", "inline")),
        (b"%PDF-1.7", "", "plan", ("application/pdf", "plan.pdf", "inline")),
    ],
)
def test_an_upload_is_named_and_shown_as_what_it_is(
    api: Api, content: bytes, declared: str, name: str, shown: tuple[str, str, str]
) -> None:
    """A9, C10."""
    body = send(api, content, query={"Filename": name}, Content_Type=declared).body
    answer = opened(api, body["links"]["content_direct_temporary"])
    headers = answer["headers"]
    disposition = headers["Content-Disposition"].partition(";")[0]
    assert (body["content_type"], body["filename"], disposition) == shown
    assert headers["Content-Type"] == shown[0]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, 50510),
        (b"<html><script>alert(1)</script>", 400, 50511),
        (b"MZ" + bytes(50), 400, 50511),
        (PNG + bytes(MAX_UPLOAD), 413, 50512),
    ],
)
def test_unsupported_file_is_refused(api: Api, content: bytes, status: int, code: int) -> None:
    assert send(api, content, Content_Type="image/png").error[:2] == (status, code)
    assert files(api).stored == {}


def test_a_message_has_its_uploads_and_keeps_them(api: Api) -> None:
    sid, first, second = api.group(A, B), uploaded(api), uploaded(api, name="plan.png")
    form = [("Author", "agent"), ("MediaSid", first), ("MediaSid", second)]
    reply = api.post(f"/Conversations/{sid}/Messages", form)
    assert reply.status == 201, reply.body
    assert reply.body["body"] is None
    assert [(one["sid"], one["filename"], one["state"]) for one in reply.body["media"]] == [
        (first, "roof.png", "ready"),
        (second, "plan.png", "ready"),
    ]
    item = api.context.table.get(keys.media(first))
    assert item
    assert (item["message_sid"], item.get("ttl")) == (reply.body["sid"], None)
    shown = api.get(f"/Media/{first}").body
    assert (shown["message_sid"], shown["conversation_sid"]) == (reply.body["sid"], sid)
    assert api.delete(f"/Media/{first}").error[:2] == (400, 50508)
    assert api.delete(f"/Conversations/{sid}/Messages/{reply.body['sid']}").status == 204
    assert api.get(f"/Media/{first}").status == 404


def test_an_upload_that_is_attached_to_nothing_goes(api: Api) -> None:
    sid = uploaded(api)
    item = api.context.table.get(keys.media(sid))
    assert item
    assert item["ttl"] == int((api.context.clock() + timedelta(days=1)).timestamp())
    assert api.delete(f"/Media/{sid}").status == 204
    assert api.get(f"/Media/{sid}").status == 404


@pytest.mark.parametrize("wrong", ["ME1", "IM" + "0" * 32, "x"])
def test_what_is_no_sid_is_refused(api: Api, wrong: str) -> None:
    sid = api.group(A)
    assert api.post(f"/Conversations/{sid}/Messages", {"MediaSid": wrong, "Author": "agent"}).error[:2] == (400, 50510)


def test_of_what_is_no_sid_as_much_is_repeated_as_shows_it(api: Api) -> None:
    reply = api.post(f"/Conversations/{api.group(A)}/Messages", {"MediaSid": "x" * 5000, "Author": "agent"})
    assert reply.error[:2] == (400, 50510)
    assert reply.body["details"]["media_sid"] == "x" * 50 + "..."


def test_staff_send_a_file_of_theirs_as_a_line(api: Api) -> None:
    sid = api.conversation()
    api.member(sid, projected=P)
    api.member(sid, address=A)
    ann = staff(api, "ann")
    form = {"MediaSid": uploaded(ann)}
    said = ann.made(f"/Conversations/{sid}/Messages", form)
    assert (said["author"], said["written_by"], said["media"][0]["sid"]) == (P, "ann", form["MediaSid"])
    assert ann.get(f"/Media/{form['MediaSid']}").status == 200
    theirs = {"MediaSid": uploaded(staff(api, "ben"))}
    assert ann.post(f"/Conversations/{sid}/Messages", theirs).error[1] == 50507


def test_an_upload_is_attached_once(api: Api) -> None:
    sid, media = api.group(A), uploaded(api)
    form = {"MediaSid": media, "Author": "agent"}
    assert api.post(f"/Conversations/{sid}/Messages", form).status == 201
    assert api.post(f"/Conversations/{sid}/Messages", form).error[:2] == (400, 50508)
    assert api.post(f"/Conversations/{sid}/Messages", {**form, "MediaSid": "ME" + "0" * 32}).error[:2] == (400, 50507)


def test_of_two_messages_at_once_one_has_the_upload(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    sid, media = api.group(A), uploaded(api)
    form = {"MediaSid": media, "Author": "agent"}
    before = store.fetch_many

    def stale(table: Any, requested: list[str]) -> dict[str, StoredMedia]:
        found = before(table, requested)
        monkeypatch.setattr(store, "fetch_many", before)
        assert api.post(f"/Conversations/{sid}/Messages", form).status == 201
        return found

    monkeypatch.setattr(store, "fetch_many", stale)
    assert api.post(f"/Conversations/{sid}/Messages", form).error[:2] == (400, 50508)
    assert len(api.get(f"/Conversations/{sid}/Messages").body["messages"]) == 1


def put(api: Api, size: int, kind: str = "application/pdf", name: str = "plan.pdf") -> str:
    """An upload of any size and type, by its item alone."""
    sid, now = sids.new(sids.MEDIA), api.context.clock()
    service = sids.default_service(api.context.account_sid)
    store.upload(api.context.table, StoredMedia(sid, service, now, now, kind, size, name))
    return sid


@pytest.mark.parametrize("own", [P, T, W])
def test_what_a_carrier_cannot_carry_is_refused_before_it_is_sent(api: Api, own: str) -> None:
    carrier = {P: "bandwidth", T: "telnyx", W: "twilio"}[own]
    limits = CARRIERS[carrier]().limits
    sid = api.group(A, B, own=own)
    large = put(api, limits.media_bytes + 1)
    reply = api.post(f"/Conversations/{sid}/Messages", {"MediaSid": large, "Author": "agent", "Body": "x"})
    assert reply.error == (
        400,
        50512,
        (
            f"Message media size is too large: plan.pdf has {limits.media_bytes + 1} bytes, and {carrier}, "
            f"which line {own} is of, takes {limits.media_bytes} in a text"
        ),
    )
    many = [("MediaSid", put(api, 10)) for _ in range(limits.group_media + 1)]
    reply = api.post(f"/Conversations/{sid}/Messages", [("Author", "agent"), *many])
    assert reply.error[:2] == (400, 21623)
    assert api.get(f"/Conversations/{sid}/Messages").body["messages"] == []


def test_an_image_of_any_size_is_taken_since_it_is_made_smaller(api: Api) -> None:
    sid = api.group(A, B, own=T)
    photo = put(api, 4_000_000, "image/jpeg", "photo.jpg")
    assert api.post(f"/Conversations/{sid}/Messages", {"MediaSid": photo, "Author": "agent"}).status == 201


def gif(frames: int, padding: int) -> bytes:
    """A picture of one dot that moves, or does not, with a comment of so many bytes behind it."""
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * frames + b";" + bytes(padding)


def test_what_moves_and_is_too_large_is_refused_since_it_cannot_be_made_smaller(api: Api) -> None:
    limit = CARRIERS["telnyx"]().limits.media_bytes
    sid = api.group(A, B, own=T)

    def answered(content: bytes) -> Reply:
        form = {"MediaSid": uploaded(api, content, "cat.gif"), "Author": "agent"}
        return api.post(f"/Conversations/{sid}/Messages", form)

    assert answered(gif(frames=1, padding=limit)).status == 201
    assert answered(gif(frames=2, padding=limit - 100)).status == 201
    assert answered(gif(frames=2, padding=limit)).error[:2] == (400, 50512)


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/x-raw"])
def test_a_file_of_an_unknown_type_goes_to_no_handset(api: Api, kind: str) -> None:
    """C10."""
    group, chat = api.group(A, B), api.conversation()
    api.member(chat, identity="ann")
    unknown = put(api, 10, kind, "x.bin")
    assert api.post(f"/Conversations/{group}/Messages", {"MediaSid": unknown, "Author": "agent"}).error[:2] == (
        400,
        50511,
    )
    assert api.post(f"/Conversations/{chat}/Messages", {"MediaSid": unknown, "Author": "ann"}).status == 201


def test_nothing_of_one_service_is_readable_through_another(api: Api) -> None:
    other = api.made("/Services", {"FriendlyName": "Other"})["sid"]
    media = uploaded(api)
    assert api.get(f"/Services/{other}/Media/{media}").status == 404
    assert api.delete(f"/Services/{other}/Media/{media}").status == 404
    sid = api.made(f"/Services/{other}/Conversations")["sid"]
    reply = api.post(f"/Services/{other}/Conversations/{sid}/Messages", {"MediaSid": media, "Author": "x"})
    assert reply.error[:2] == (400, 50507)


def test_a_person_sees_their_uploads_and_what_is_in_their_conversations(api: Api) -> None:
    sid = api.conversation()
    for identity in ("ann", "ben"):
        api.member(sid, identity=identity)
    ann, ben, cat = (acting(api, identity) for identity in ("ann", "ben", "cat"))
    media = uploaded(ann)
    assert api.get(f"/Media/{media}").body["author"] == "ann"
    assert [who.get(f"/Media/{media}").status for who in (ann, ben, cat)] == [200, 404, 404]
    assert ben.delete(f"/Media/{media}").status == 404
    assert ben.post(f"/Conversations/{sid}/Messages", {"MediaSid": media}).error[:2] == (400, 50507)
    assert ann.post(f"/Conversations/{sid}/Messages", {"MediaSid": media}).status == 201
    assert [who.get(f"/Media/{media}").status for who in (ann, ben, cat)] == [200, 200, 404]
    assert send(ann, PNG, query={"Author": "ben"}).error[:2] == (403, 50107)


def test_who_is_not_known_uploads_nothing(api: Api) -> None:
    assert send(replace(api, authorization="Basic eDp5"), PNG).error[:2] == (401, 20003)
    assert files(api).stored == {}


def test_large_files_are_s3s_to_give(api: Api) -> None:
    media = uploaded(api)
    key = f"{media}/original.png"
    files(api).put(key, bytes(link_endpoint.MAX_BYTES + 1), "image/png")
    answer = opened(api, api.get(f"/Media/{media}").body["links"]["content_direct_temporary"])
    assert (answer["statusCode"], answer["headers"]["Location"]) == (307, f"https://bucket.example/{key}?for=300")
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"


def test_what_is_known_of_a_large_file_is_answered_here(api: Api) -> None:
    media = uploaded(api)
    files(api).put(f"{media}/original.png", bytes(link_endpoint.MAX_BYTES + 1), "image/png")
    answer = opened(api, api.get(f"/Media/{media}").body["links"]["content_direct_temporary"], "HEAD")
    assert (answer["statusCode"], answer["headers"]["Content-Type"], answer["body"]) == (200, "image/png", "")

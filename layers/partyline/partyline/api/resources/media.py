"""Media: upload, fetch, delete. The paths and shapes of Twilio's media service, which its SDKs do not have.

An upload is attached to a message by its SID, once; one that is not attached is deleted after a day. A file belongs to
its Service. Until it is attached only its uploader and the account may see it, then everyone that may see its message.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, lookups, media_links, multipart, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Name
from partyline.api.form_model import Clearable, Form
from partyline.api.idempotency import IdempotentRequest, answer_once
from partyline.api.request import Upload
from partyline.api.router import Router
from partyline.domain import sids
from partyline.domain.media import StoredMedia
from partyline.media import bucket, file_types, filenames, images
from partyline.storage import conversations
from partyline.storage import media as store

route = Router()

_MAX_FILENAME = 100


class FilenameQuery(Form):
    """The name of an upload, which is checked before the file."""

    filename: Annotated[str, Field(max_length=_MAX_FILENAME)] = ""


class UploaderQuery(Form):
    """The uploader whom the account names, which is checked after the file."""

    author: Clearable[Name] = None


@route.post("Media", users=True)
def create(call: Call) -> ApiResponse:
    """Upload a file: the body is the file, or a multipart form with one.

    Its name is the query's Filename, or that of Content-Disposition; the name's extension is that of the file's type.
    Raises ApiError 20001, 50107, 50310, 50510 to 50512.
    """
    body, declared, name = _read_file(call.request.upload or Upload(b"", ""))
    file = (body, declared, name)
    return answer_once(call, lambda once: _store(once, body, declared, name), file=file)


def _store(once: IdempotentRequest, body: bytes, declared: str, name: str) -> ApiResponse:
    """Store a file: its record, and its content in the bucket."""
    call = once.call
    name = FilenameQuery.parse(call.request.query).filename or name
    if not body:
        raise refusals.media_empty()
    kind = file_types.detect_type(body, declared, name)
    if kind in file_types.DANGEROUS:
        raise refusals.media_type_refused(kind)
    media = StoredMedia(
        sid=sids.new(sids.MEDIA),
        service_sid=call.scope.service_sid,
        created=call.now,
        updated=call.now,
        content_type=kind,
        size=len(body),
        filename=filenames.display_name(name, kind) if name else None,
        author=_read_author(call),
        scalable=images.is_scalable(body) if kind in images.SCALABLE else None,
    )
    once.claim()
    store.upload(call.table, media)
    call.context.bucket.put(bucket.original_key(media.sid, kind), body, kind, media.filename)
    answer = ApiResponse(201, serializers.build_stored_media(call, media, _build_link(call, media)))
    once.store(answer, media.sid)
    return answer


@route.get("Media/{media}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a file's description, with a link that is valid for five minutes."""
    media = _find_visible(call)
    return ApiResponse(200, serializers.build_stored_media(call, media, _build_link(call, media)))


@route.get("Media/{media}/Content", users=True)
def content(call: Call) -> ApiResponse:
    """Redirect to the file, by the same link."""
    return ApiResponse(307, None, {"Location": _build_link(call, _find_visible(call))})


@route.delete("Media/{media}", users=True)
def delete(call: Call) -> ApiResponse:
    """Delete a file that is not attached. Raises ApiError 50508 for one that is: its message is deleted instead."""
    media = _find_visible(call)
    if media.message_sid or not store.remove_unattached(call.table, media.sid):
        raise refusals.media_sent(media.sid)
    return ApiResponse(204)


def _find_visible(call: Call) -> StoredMedia:
    """Find the file that the path names. Raises ApiError 20404, also when the caller may not see it."""
    sid = call.ids["media"]
    found = store.fetch_many(call.table, [sid]).get(sid) if sids.matches(sids.MEDIA, sid) else None
    if found is None or found.service_sid != call.scope.service_sid or not _can_see(call, found):
        raise lookups.not_found(call)
    return found


def _can_see(call: Call, media: StoredMedia) -> bool:
    if call.user is None or (media.message_sid is None and media.author == call.user.identity):
        return True
    roster = conversations.load(call.table, media.conversation_sid) if media.conversation_sid else None
    return roster is not None and authorization.can_see(call, roster.participants)


def _read_author(call: Call) -> str | None:
    """Return the uploader; the account may name one. Raises ApiError 50107."""
    named = UploaderQuery.parse(call.request.query).author
    if call.user is None:
        return named
    if named and named != call.user.identity:
        raise refusals.account_only()
    return call.user.identity


def _build_link(call: Call, media: StoredMedia) -> str:
    return media_links.build_linker(call)(media.sid, media.content_type)


def _read_file(upload: Upload) -> tuple[bytes, str, str]:
    """Return the file of a body, its declared type and its name.

    Of a form with several parts it is the first that has a name, or the first. Raises ApiError 20001.
    """
    if upload.content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        return upload.content, upload.content_type, multipart.parse_filename(upload.disposition) or ""
    try:
        parts = multipart.parse_multipart(upload.content, upload.content_type)
    except multipart.MalformedForm as error:
        raise refusals.invalid_parameter("body", f"it is no multipart form: {error}") from None
    if not parts:
        raise refusals.invalid_parameter("body", "it is a multipart form without a part")
    part = next((part for part in parts if part.filename), parts[0])
    return part.content, part.content_type, part.filename or ""

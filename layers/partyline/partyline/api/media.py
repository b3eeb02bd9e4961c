"""Media: upload, fetch, delete. The paths and shapes of Twilio's media service, which its SDKs do not have.

An upload is attached to a message by its SID, once; one that is not is gone after a day. A file is of its Service:
before it is attached only who uploaded it, and the account, may see it; then who may see its message.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import HTTP
from urllib.parse import unquote

from partyline import refusals, sids
from partyline.api import access, fields, lookup, responses
from partyline.api.calls import Answer, Call
from partyline.api.requests import Upload
from partyline.media import images, links, sniffing, storage
from partyline.model import StoredMedia
from partyline.store import conversations
from partyline.store import media as store

# How long a link is good that is given to who may see a file, in seconds.
LINK_LIFE = 300
_MAX_FILENAME = 100


def create(call: Call) -> Answer:
    """POST /Media: the body is the file, or a multipart form with one. Its name is the query's Filename, or what
    Content-Disposition says. Raises ApiError 20001, 50107, 50310, 50510 to 50512."""
    file = _file(call.request.upload or Upload(b"", ""))
    if not file.content:
        raise refusals.media_empty()
    kind = sniffing.content_type(file.content, file.content_type)
    if kind in sniffing.DANGEROUS:
        raise refusals.media_type_refused(kind)
    media = StoredMedia(
        sid=sids.new(sids.MEDIA),
        service_sid=call.scope.service_sid,
        created=call.now,
        updated=call.now,
        content_type=kind,
        size=len(file.content),
        filename=_filename(call, file),
        author=_author(call),
        scalable=images.is_scalable(file.content) if kind in images.SCALABLE else None,
    )
    store.upload(call.table, media)
    call.desk.bucket.put(storage.original(media.sid, kind), file.content, kind, media.filename)
    return Answer(201, responses.stored_media(call, media, _link(call, media)))


def fetch(call: Call) -> Answer:
    """GET /Media/{sid}, with a link that is good for LINK_LIFE."""
    media = _visible(call)
    return Answer(200, responses.stored_media(call, media, _link(call, media)))


def content(call: Call) -> Answer:
    """GET /Media/{sid}/Content: a redirect to the same link."""
    return Answer(307, None, {"Location": _link(call, _visible(call))})


def delete(call: Call) -> Answer:
    """DELETE /Media/{sid}, while it is attached to nothing; then its message is deleted. Raises ApiError 50508."""
    media = _visible(call)
    if media.message_sid or not store.remove_unattached(call.table, media.sid):
        raise refusals.media_sent(media.sid)
    return Answer(204)


def _visible(call: Call) -> StoredMedia:
    """The file that the path names. Raises ApiError 20404, also when the caller may not see it."""
    sid = call.ids["media"]
    found = store.find(call.table, [sid]).get(sid) if sids.matches(sids.MEDIA, sid) else None
    if found is None or found.service_sid != call.scope.service_sid or not _sees(call, found):
        raise lookup.missing(call)
    return found


def _sees(call: Call, media: StoredMedia) -> bool:
    if call.person is None or (media.message_sid is None and media.author == call.person.identity):
        return True
    roster = conversations.load(call.table, media.conversation_sid) if media.conversation_sid else None
    return roster is not None and access.sees(call, roster.participants)


def _author(call: Call) -> str | None:
    """Who uploads; the account may say for whom. Raises ApiError 50107."""
    named = fields.text(call.request.query, "Author") or None
    if call.person is None:
        return named
    if named and named != call.person.identity:
        raise refusals.account_only()
    return call.person.identity


def _link(call: Call, media: StoredMedia) -> str:
    expires = int(call.now.timestamp()) + LINK_LIFE
    path = links.path(call.desk.key_root(), storage.original(media.sid, media.content_type), expires)
    return f"{call.request.base_url}/{path}"


def _file(upload: Upload) -> Upload:
    """The file of a body: of a form with several parts the first that has a name, or the first. Raises ApiError
    20001."""
    if upload.content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        return upload
    try:
        part = _part(upload)
    except Exception:  # noqa: BLE001  (of a form that is none the parser raises anything, also RecursionError)
        part = None
    if part is None:
        raise refusals.invalid_parameter("body", "it is no multipart form")
    return part


def _part(upload: Upload) -> Upload | None:
    """Such a part; None without any. Raises whatever the parser does."""
    head = f"Content-Type: {upload.content_type}\r\n\r\n".encode("latin-1", "replace")
    form = message_from_bytes(head + upload.content, EmailMessage, policy=HTTP)
    parts = [part for part in form.iter_parts() if isinstance(part, EmailMessage)] if form.is_multipart() else []
    if not parts:
        return None
    part = next((part for part in parts if part.get_filename()), parts[0])
    content = part.get_payload(decode=True)
    return Upload(
        content if isinstance(content, bytes) else b"",
        part.get_content_type(),
        str(part.get("Content-Disposition", "")),
    )


def _filename(call: Call, file: Upload) -> str | None:
    """Raises ApiError 20001."""
    given = fields.text(call.request.query, "Filename", _MAX_FILENAME) or _disposed(file.disposition)
    # A name, not a path, and nothing that a header or a terminal would act on.
    plain = "".join(letter for letter in re.split(r"[/\\]", given)[-1] if letter.isprintable())
    return plain[:_MAX_FILENAME] or None


def _disposed(disposition: str) -> str:
    """The name in a Content-Disposition header (RFC 6266)."""
    if match := re.search(r"filename\*=UTF-8''([^;\s]+)", disposition, re.IGNORECASE):
        return unquote(match[1])
    match = re.search(r'filename="([^"]*)"|filename=([^;\s]+)', disposition, re.IGNORECASE)
    return (match[1] or match[2] or "") if match else ""

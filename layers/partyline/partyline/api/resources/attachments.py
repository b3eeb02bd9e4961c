"""The uploads of a message: find them, and check that every carrier of its sends takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from partyline import refusals
from partyline.api.context import Call
from partyline.carriers.limits import Limits
from partyline.domain import sids
from partyline.domain.media import Media, StoredMedia
from partyline.media import file_types
from partyline.media.sizing import first_violation
from partyline.storage import media as store

# Twilio takes one through its API; ten is the most of any carrier.
MAX_MEDIA = 10


def find_uploads(call: Call, named: Sequence[str]) -> tuple[Media, ...]:
    """Find the uploads that MediaSid names, in its order.

    Raises ApiError 21623, 50507 (also for another user's upload, which a user does not find), 50508, 50510.
    """
    uploads = [sid for sid in dict.fromkeys(named) if sid]
    for sid in uploads:
        if not sids.matches(sids.MEDIA, sid):
            raise refusals.media_sid_invalid(sid)
    if len(uploads) > MAX_MEDIA:
        raise refusals.too_many_media(MAX_MEDIA)
    found = store.fetch_many(call.table, uploads) if uploads else {}
    return tuple(_check_upload(call, sid, found.get(sid)).attached for sid in uploads)


def _check_upload(call: Call, sid: str, upload: StoredMedia | None) -> StoredMedia:
    """Refuse an upload that the caller cannot see (50507), or that is attached already (50508)."""
    if upload is None or upload.service_sid != call.scope.service_sid:
        raise refusals.media_not_found(sid)
    if call.user is not None and upload.author != call.user.identity:
        raise refusals.media_not_found(sid)
    if upload.message_sid:
        raise refusals.media_sent(sid)
    return upload


def check_media(media: Sequence[Media], line: str, carrier: str, limits: Limits, *, group: bool) -> None:
    """Refuse files that a line's carrier cannot carry, even with images made smaller, or of an unknown type.

    No handset opens a file of an unknown type. Raises ApiError 21623, 50511, 50512.
    """
    _check_types(media)
    wrong = first_violation(limits, media, group=group)
    if wrong is None:
        return
    if wrong.media is None:
        raise refusals.too_many_media(wrong.limit, line, carrier)
    large = wrong.media
    raise refusals.media_over_limit(large.sid, large.filename, large.size or 0, wrong.limit, line, carrier)


def _check_types(media: Iterable[Media]) -> None:
    for one in media:
        kind = one.content_type or file_types.BINARY
        if not file_types.is_known(kind):
            raise refusals.media_type_refused(kind, one.sid)

"""Requests with an Idempotency-Key: claim one that is under way, store its answer, find what a repeat gets.

A request has one item. The write that stores its answer belongs into the transaction that does what is asked for: then
either both are there or neither. Where something is done outside of the table first, the request is claimed before it.
A claim ends by itself, at the latest with the function that made it.

Each write that meets the item of another request raises Conflict with the label LABEL and that item.
"""

from __future__ import annotations

from datetime import datetime

from partyline.domain.idempotency_keys import RecordedRequest, RequestIdentity, build_expiry, to_milliseconds
from partyline.errors import Conflict
from partyline.frozen_classes import frozen
from partyline.storage import codec, keys, own_writes, retry
from partyline.storage.attribute_values import Item
from partyline.storage.keys import Key
from partyline.storage.table import Condition, Table, Write, change, delete, put

LABEL = "request"


@frozen
class StoredAnswer:
    """The answer of a request: its status, its body as text, and the SID of what it created."""

    status: int
    body: str
    resource_sid: str | None = None


def claim(table: Table, request: RequestIdentity, token: str, until: datetime, now: datetime) -> None:
    """Claim a request for an attempt, named by a `token`, that ends at a time.

    Raises Conflict when an earlier request has the key.
    """
    claimed = RecordedRequest(request.fingerprint, build_expiry(now), claim=token, claimed_until=to_milliseconds(until))
    item = codec.encode(claimed)
    own_writes.make(table, put(LABEL, key_of(request), item, _is_free(now)), item)


def answer_write(request: RequestIdentity, answer: StoredAnswer, now: datetime, token: str | None = None) -> Write:
    """Build the write that stores an answer; `token` is the claim of the request, if it was claimed.

    Label: LABEL, when an earlier request has the key, or another attempt the claim.
    """
    answered = RecordedRequest(
        request.fingerprint,
        build_expiry(now),
        status=answer.status,
        body=answer.body,
        resource_sid=answer.resource_sid,
    )
    return put(LABEL, key_of(request), codec.encode(answered), _has_claim(token) if token else _is_free(now))


def store_answer(
    table: Table, request: RequestIdentity, answer: StoredAnswer, now: datetime, token: str | None = None
) -> None:
    """Store an answer by itself. Raises Conflict as `answer_write` says."""
    write = answer_write(request, answer, now, token)
    retry.STANDARD.run(lambda: table.write(write), can_retry=retry.is_race)


def release(table: Table, request: RequestIdentity, token: str) -> bool:
    """Delete a claim, so that the next request with the key is the first one; return False when it has an answer."""
    return table.written(delete(LABEL, key_of(request), _has_claim(token)))


def find(table: Table, request: RequestIdentity) -> RecordedRequest | None:
    """Read what is recorded of a request."""
    item = table.get(key_of(request))
    return decode(item) if item else None


def decode(item: Item) -> RecordedRequest:
    """Decode the item that a Conflict has under LABEL."""
    return codec.decode(RecordedRequest, item)


def forget_body(table: Table, conversation_sid: str | None, digest: str, resource_sid: str) -> None:
    """Delete the body of an answer, before that is deleted which the request created.

    What stays keeps a late repeat from creating it again.
    """
    is_of = Condition("#resource = :resource", {"#resource": "resource_sid"}, {":resource": resource_sid})
    table.written(change(LABEL, keys.request(digest, conversation_sid), {"body": None}, is_of))


def reassign(table: Table, conversation_sid: str, digest: str, before: str, after: str) -> None:
    """Give the answer of a request to the resource that its own one has become: `forget_body` is called with that."""
    is_of = Condition("#resource = :before", {"#resource": "resource_sid"}, {":before": before})
    table.written(change(LABEL, keys.request(digest, conversation_sid), {"resource_sid": after}, is_of))


def can_retry(error: Exception) -> bool:
    """Return whether another attempt can succeed: not where an earlier request has the key."""
    return retry.is_conflict(error) and not (isinstance(error, Conflict) and error.failed.get(LABEL))


def key_of(request: RequestIdentity) -> Key:
    """Return the key of a request's item."""
    return keys.request(request.digest, request.conversation_sid)


def _is_free(now: datetime) -> Condition:
    """Build the condition that a key names no request: TTL deletes late, and a claim may have lapsed."""
    return Condition(
        "attribute_not_exists(PK) OR #ttl <= :now OR #until <= :moment",
        {"#ttl": "ttl", "#until": "claimed_until"},
        {":now": int(now.timestamp()), ":moment": to_milliseconds(now)},
    )


def _has_claim(token: str) -> Condition:
    return Condition("#claim = :claim", {"#claim": "claim"}, {":claim": token})

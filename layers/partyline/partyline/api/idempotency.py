"""Idempotent creation: a request with an Idempotency-Key is carried out once, and a repeat gets its answer again.

A handler that creates something hands its work to `answer_once`, and the work puts `writes` into its transaction:

    @route.post("Things", users=True, docs=Operation(..., idempotent=True))
    def create(call: Call) -> ApiResponse:
        return answer_once(call, _create)


    def _create(once: IdempotentRequest) -> ApiResponse:
        thing = build_thing(once.call)
        answer = ApiResponse(201, serializers.build_thing(once.call, thing))
        things.create(once.call.table, thing, once.writes(answer, thing.sid))
        return answer

* A resource beneath a conversation calls `once.place_beneath(conversation_sid)` as soon as it has found that. The key
  is then the same for the SID of the conversation and for its unique name.
* `once.call` consults the pre-action webhook only after a claim. What else is done outside of the table comes after
  `once.claim()`, and where no transaction follows, `once.store` ends the claim.
* Without the header none of this costs anything.

A repeat needs no read before its work: its writes meet the item of the first request, which has the answer. Work that
is refused is looked up then, since the first request can be the reason: its files are attached, its people have a
group. Refusals of who calls and of what the caller cannot see (401, 403, 404) stand, so a repeat reveals nothing that
the caller may no longer see. Refusals are not stored.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from partyline import refusals
from partyline.api.context import ApiResponse, Call
from partyline.deadline import seconds_left
from partyline.domain import idempotency_keys
from partyline.domain.events import Cause, Event
from partyline.domain.idempotency_keys import RecordedRequest, Repeat, RequestIdentity
from partyline.domain.webhook_configuration import WebhookConfiguration
from partyline.errors import ApiError, Conflict, PartylineError, RuleViolation
from partyline.frozen_classes import replace
from partyline.observability import logger
from partyline.refusals.dictionary import FORBIDDEN, NOT_FOUND, UNAUTHORIZED
from partyline.refusals.violations import to_refusal
from partyline.storage import idempotency as store
from partyline.storage.table import Write
from partyline.webhooks import pre_action
from partyline.webhooks.pre_action import PreActionDecision

REPLAYED = "Idempotent-Replayed"
# The longest claim, in seconds: no invocation of the API is longer.
MAX_CLAIM = 30.0
# What a client waits before it repeats a request that is under way, in seconds: most take less.
_PAUSE = 2
_STANDING = (UNAUTHORIZED, FORBIDDEN, NOT_FOUND)


@dataclass(slots=True)
class IdempotentRequest:
    """One request and what its Idempotency-Key names: nothing without the header, and then every method does nothing.

    `call` is the call with a pre-action webhook that is consulted after a claim.
    """

    call: Call
    identity: RequestIdentity | None = None
    _token: str | None = field(default=None, init=False)

    def place_beneath(self, conversation_sid: str) -> None:
        """Say which conversation the path names, by SID or unique name, once the caller is known to see it."""
        if self.identity:
            _, _, *below = _path_of(self.call)
            digest = _build_digest(self.call, ["Conversations", conversation_sid, *below])
            self.identity = replace(self.identity, digest=digest, conversation_sid=conversation_sid)

    @property
    def digest(self) -> str | None:
        """Return the digest under which the answer is stored, for `storage.idempotency.forget_body`."""
        return self.identity.digest if self.identity else None

    def claim(self) -> None:
        """Claim the request before something is done outside of the table. A second call changes nothing.

        The claim ends with its answer, or with this invocation. Raises Conflict when an earlier request has the key.
        """
        if self.identity is None or self._token:
            return
        now, token = self.call.context.clock(), secrets.token_hex(8)
        until = now + timedelta(seconds=min(seconds_left(), MAX_CLAIM))
        store.claim(self.call.table, self.identity, token, until, now)
        self._token = token

    def writes(self, answer: ApiResponse, resource_sid: str | None = None) -> list[Write]:
        """Build the writes that store the answer, for the transaction that creates the resource.

        The transaction raises Conflict when an earlier request has the key.
        """
        if self.identity is None:
            return []
        return [store.answer_write(self.identity, _to_stored(answer, resource_sid), self.call.now, self._token)]

    def store(self, answer: ApiResponse, resource_sid: str | None = None) -> None:
        """Store the answer where no transaction does. Raises Conflict when an earlier request has the key."""
        if self.identity:
            stored = _to_stored(answer, resource_sid)
            store.store_answer(self.call.table, self.identity, stored, self.call.now, self._token)

    def find_repeat(self) -> ApiResponse | None:
        """Return what a repeat gets, None for a first request. Raises ApiError 20001 (422), 20404, 20409."""
        recorded = store.find(self.call.table, self.identity) if self.identity else None
        if recorded is None or (self._token and recorded.claim == self._token):
            return None
        return self.replay(recorded)

    def replay(self, recorded: RecordedRequest) -> ApiResponse | None:
        """Return the answer of an earlier request, None when its key is free again.

        Raises ApiError 20001 (422) for another request, 20409 for one under way, 20404 when its resource was deleted.
        """
        fingerprint = self.identity.fingerprint if self.identity else ""
        match idempotency_keys.compare(recorded, fingerprint, self.call.now):
            case Repeat.FIRST:
                return None
            case Repeat.DIFFERENT:
                raise refusals.idempotency_key_reused()
            case Repeat.UNDER_WAY:
                raise refusals.request_under_way(_PAUSE)
            case Repeat.DELETED:
                raise refusals.not_found(f"{self.call.request.resource}/{recorded.resource_sid}")
        logger.info("idempotency.replayed", service_sid=self.call.scope.service_sid)
        return ApiResponse(recorded.status or 0, recorded.body, {REPLAYED: "true"})

    def release(self) -> None:
        """Release the claim of work that failed. Where that fails too, the claim ends by itself."""
        if self.identity is None or self._token is None:
            return
        try:
            store.release(self.call.table, self.identity, self._token)
        except PartylineError:
            logger.warning("idempotency.not_released", service_sid=self.call.scope.service_sid)


def answer_once(
    call: Call, work: Callable[[IdempotentRequest], ApiResponse], *, file: Sequence[str | bytes] = ()
) -> ApiResponse:
    """Answer a request by `work`, or with the answer of an earlier request that has the same Idempotency-Key.

    `file` is an uploaded file with what is said of it, since a body's bytes differ from one repeat to the next.

    Raises what `work` raises; ApiError 20001 for a key that is none (400), or that another request had (422), and 20409
    while an earlier request is under way.
    """
    once = _build_request(call, file)
    try:
        return work(once)
    except Conflict as conflict:
        once.release()
        recorded = conflict.failed.get(store.LABEL)
        repeated = once.replay(store.decode(recorded)) if recorded else None
        if repeated is None:
            raise
        return repeated
    except (ApiError, RuleViolation) as error:
        once.release()
        refused = to_refusal(error) if isinstance(error, RuleViolation) else error
        repeated = None if refused.status in _STANDING else once.find_repeat()
        if repeated is None:
            raise
        return repeated
    except Exception:
        once.release()
        raise


def _build_request(call: Call, file: Sequence[str | bytes]) -> IdempotentRequest:
    """Read the header. Raises RuleViolation invalid_parameter."""
    if call.request.idempotency_key is None:
        return IdempotentRequest(call)
    fingerprint = idempotency_keys.build_fingerprint(call.request.query.values, call.request.form.values, file)
    once = IdempotentRequest(call, RequestIdentity(_build_digest(call, _path_of(call)), fingerprint))
    once.call = replace(call, ask=_after_claim(once, call.ask))
    return once


def _after_claim(once: IdempotentRequest, ask: pre_action.Consult) -> pre_action.Consult:
    """Wrap the consultation of the pre-action webhook: a request is claimed before the webhook is called."""

    def consult(configuration: WebhookConfiguration, event: Event, cause: Cause) -> PreActionDecision:
        if pre_action.is_subscribed(configuration, event, cause):
            once.claim()
        return ask(configuration, event, cause)

    return consult


def _to_stored(answer: ApiResponse, resource_sid: str | None) -> store.StoredAnswer:
    return store.StoredAnswer(answer.status, json.dumps(answer.body, ensure_ascii=False), resource_sid)


def _path_of(call: Call) -> Sequence[str]:
    """Return the path below the version and the Service."""
    _, *path = call.request.segments
    return path[2:] if call.scope.named else path


def _build_digest(call: Call, path: Sequence[str]) -> str:
    """Build the digest of the key of a request to a path. Raises RuleViolation invalid_parameter."""
    key = idempotency_keys.parse_key(call.request.idempotency_key or "")
    caller = call.user.identity if call.user else idempotency_keys.ACCOUNT
    return idempotency_keys.build_digest(caller, call.scope.service_sid, path, key)

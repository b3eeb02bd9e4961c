"""A conversation and its participants in one request: checked first, then made in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, contact_members, joining, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import choose
from partyline.api.idempotency import IdempotentRequest, answer_once
from partyline.api.participant_copies import (
    CopiedParticipants,
    ParticipantCopyForm,
    aliases_released,
    copy_participants,
)
from partyline.api.request import Parameters
from partyline.api.resources import conversations
from partyline.api.resources.participants import ACCOUNT_ONLY, find_role_of, own_lines, parse_form
from partyline.api.router import Router
from partyline.carriers.registry import MOST_IN_GROUP
from partyline.domain import join_rules, json_texts, sids
from partyline.domain.addresses import format_address
from partyline.domain.conversations import Conversation, ConversationState, threads_of
from partyline.domain.join_rules import ParticipantBinding
from partyline.domain.participants import Participant
from partyline.domain.permissions import Permission
from partyline.errors import ApiError, Conflict, RuleViolation
from partyline.frozen_classes import replace
from partyline.refusals.violations import as_refusals
from partyline.storage import conversations as store
from partyline.storage import idempotency as idempotent_requests
from partyline.storage import retry
from partyline.storage.memberships import NewConversation

route = Router()

_LINKS = ("participants", "messages", "webhooks")
# The members of the JSON text, with the parameters of a participant's own resource.
_BINDING = {
    "address": "MessagingBinding.Address",
    "proxy_address": "MessagingBinding.ProxyAddress",
    "projected_address": "MessagingBinding.ProjectedAddress",
}
_MEMBERS = {
    "identity": "Identity",
    "contact_sid": "ContactSid",
    "attributes": "Attributes",
    "role_sid": "RoleSid",
    "date_created": "DateCreated",
    "date_updated": "DateUpdated",
}


class IfExists(StrEnum):
    """What to do with an open conversation of exactly these members: refuse, as Twilio does, or fetch it."""

    REFUSE = "refuse"
    FETCH = "fetch"


class ConversationWithParticipantsForm(ParticipantCopyForm):
    """What such a conversation has besides the parameters of a conversation; each participant is a JSON text."""

    if_exists: Annotated[IfExists, choose(IfExists)] = IfExists.REFUSE
    participants: tuple[str, ...] = Field((), alias="Participant")


@route.post("ConversationWithParticipants", users=True)
def create(call: Call) -> ApiResponse:
    """Create a conversation with its participants; the answer's state is `initializing`.

    A moment later it becomes active, or inactive where State says so, or closed when the pre-action webhook rejects one
    of its participants (partyline.lifecycle.activation).

    `IfExists=fetch` (ours) answers the open conversation with exactly these members, with 200, where there is one.
    `From` (ours) copies the participants of another conversation, but those that `Without` names. A refusal names the
    participant in its details, counted from 1, the copied ones first.

    Raises ApiError as the creation of a conversation and of a participant, and 50424, 50425, 50426, 50435.
    """
    authorization.require_creator_permission(call)
    return answer_once(call, _create)


def _create(once: IdempotentRequest) -> ApiResponse:
    call = once.call
    form = ConversationWithParticipantsForm.parse(call.request.form)
    conversation = conversations.build_conversation(call)
    copied = copy_participants(call, form, conversation.sid)
    _check_number(call, len(form.participants) + len(copied.described))
    members, known = _parse_members(call, conversation, copied, form.participants)
    conversation = replace(
        conversation,
        state=ConversationState.INITIALIZING,
        initial_state=conversation.state,
        notify_webhooks=call.cause.notify_webhooks,
    )
    new = NewConversation(conversation, members, call.now, call.cause, known)
    if form.if_exists is IfExists.REFUSE:
        return _store(once, new, copied)
    return retry.STANDARD.run(lambda: _fetch_or_create(once, new, copied), can_retry=idempotent_requests.can_retry)


def _check_number(call: Call, participants: int) -> None:
    if not participants:
        raise refusals.invalid_parameter("Participant", "give at least one")
    if participants > call.context.group_limit:
        raise refusals.too_many_participants(call.context.group_limit)


def _store(once: IdempotentRequest, new: NewConversation, copied: CopiedParticipants) -> ApiResponse:
    """Consult the pre-action webhook and store the conversation, with the answer of a repeat."""
    call = once.call
    conversation = conversations.apply_pre_webhook(call, "onConversationAdd", new.conversation)
    answer = ApiResponse(202, serializers.build_conversation(call, conversation, _LINKS))
    complete = replace(new, conversation=conversation, also=once.writes(answer, conversation.sid))
    with aliases_released(call, copied, new.participants):
        complete.store(call.table)
    return answer


def _fetch_or_create(once: IdempotentRequest, new: NewConversation, copied: CopiedParticipants) -> ApiResponse:
    """Fetch the open conversation that owns one of these members' threads, or create one.

    Raises Conflict when another request creates or closes it meanwhile.
    """
    call = once.call
    there = find_owner(call, new.participants)
    if there:
        answer = ApiResponse(200, serializers.build_conversation(call, there, _LINKS))
        once.store(answer, there.sid)
        return answer
    try:
        return _store(once, replace(new, only_owner=True), copied)
    except RuleViolation as violation:
        if violation.rule == "thread_taken" and find_owner(call, new.participants):
            raise Conflict({}) from violation
        raise


def find_owner(call: Call, members: Sequence[Participant]) -> Conversation | None:
    """Find the conversation of this Service, visible to the caller, that has a thread of these members."""
    for thread in sorted(threads_of(members)):
        owner = store.find_open_owner(call.table, thread, call.now)
        roster = store.load(call.table, owner.sid, whole=True) if owner else None
        if roster is None or roster.conversation.service_sid != call.scope.service_sid:
            continue
        if threads_of(roster.participants) == threads_of(members) and authorization.can_see(call, roster.participants):
            return roster.conversation
    return None


def _parse_members(
    call: Call, conversation: Conversation, copied: CopiedParticipants, texts: Sequence[str]
) -> tuple[list[Participant], frozenset[str]]:
    """Build the members, and find which of their identities are users, where a user creates it."""
    described = list(copied.described)
    for position, (binding, _) in enumerate(described, 1):
        with _with_position(position):
            joining.require_addition_by_creator(call, binding)
    described += _describe_members(call, conversation, texts, first=len(described) + 1)
    known = authorization.find_known_users(call, *(binding.identity for binding, _ in described))
    own = own_lines(call, [number for binding, _ in described for number in binding.numbers()])
    for position, (binding, _) in enumerate(described, 1):
        with _with_position(position):
            join_rules.check_binding(binding, own)
            joining.require_usable_lines(call, binding, own)
    with _with_position_of([member for _, member in described]):
        joining.require_assigned(call, (binding.address for binding, _ in described if binding.address))
    # SIDs in the order given, though all are of one millisecond.
    in_order = sids.new_many(sids.PARTICIPANT, len(described))
    members = [replace(member, sid=sid) for (_, member), sid in zip(described, in_order, strict=True)]
    members = _with_creator(call, conversation, members)
    _check_pairs(members)
    with _with_position_of(members):
        join_rules.check_members(members, group_limit=call.context.group_limit)
        join_rules.check_lines(members, own, MOST_IN_GROUP)
        join_rules.check_complete(members)
    return members, known


def _describe_members(
    call: Call, conversation: Conversation, texts: Sequence[str], *, first: int
) -> Iterator[tuple[ParticipantBinding, Participant]]:
    """Parse the members that are given as JSON texts; `first` is the position of the first one."""
    parsed = [_parse_participant(position, text) for position, text in enumerate(texts, first)]
    known = contact_members.fetch_named(call, parsed)
    for position, parameters in enumerate(parsed, first):
        with _with_position(position):
            given, contact = contact_members.resolve(call, parameters, known)
            binding, member = parse_form(given, conversation.sid, call.now)
            authorization.deny_users(call, given, *ACCOUNT_ONLY)
            joining.require_addition_by_creator(call, binding)
            yield binding, replace(member, role_sid=find_role_of(call, given, binding), contact=contact)


def _with_creator(call: Call, conversation: Conversation, members: list[Participant]) -> list[Participant]:
    """Add the calling user to the members, with the role of creators.

    A user who writes as a line of the conversation, and sees it anyway, stays outside: in a group, a member without a
    number of their own would be refused.
    """
    creators = conversations.build_creator(call, conversation)
    if not creators or _writes_as_line(call, members):
        return members
    [creator] = creators
    if all(member.identity != creator.identity for member in members):
        return [*members, creator]
    return [
        replace(member, role_sid=creator.role_sid) if member.identity == creator.identity else member
        for member in members
    ]


def _writes_as_line(call: Call, members: Sequence[Participant]) -> bool:
    """Whether the calling user, no member, sees a conversation and writes in it as one of its own numbers."""
    if call.user is None or Permission.WRITE_AS_LINE not in call.user.permissions:
        return False
    is_member = authorization.find_membership(call, members) is not None
    has_line = any(member.projected_address or member.proxy_address for member in members)
    return has_line and not is_member and authorization.can_see(call, members)


def _check_pairs(members: Sequence[Participant]) -> None:
    """Refuse a pair that is given twice (50425). No conversation has it, so none can be named."""
    pairs = [(member.address, member.proxy_address) for member in members]
    for position, (address, proxy) in enumerate(pairs, 1):
        if address and proxy and (address, proxy) in pairs[: position - 1]:
            with _with_position(position):
                raise refusals.pair_repeated(address)


def _parse_participant(position: int, text: str) -> Parameters:
    """Parse one participant's JSON into the parameters of its own resource. Raises ApiError 50424."""
    try:
        given = json_texts.parse_json(text)
    except ValueError:
        raise refusals.participant_json_invalid(position, "it is not JSON") from None
    if not isinstance(given, dict):
        raise refusals.participant_json_invalid(position, "it is not a JSON object")
    binding = given.get("messaging_binding") or {}
    if not isinstance(binding, dict):
        raise refusals.participant_json_invalid(position, "messaging_binding is not a JSON object")
    if isinstance(given.get("attributes"), dict):
        given["attributes"] = json.dumps(given["attributes"])
    return Parameters.from_pairs(
        [*_iterate_texts(position, binding, _BINDING), *_iterate_texts(position, given, _MEMBERS)]
    )


def _iterate_texts(position: int, given: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for member, parameter in names.items():
        value = given.get(member)
        if value is None:
            continue
        if not isinstance(value, str):
            raise refusals.participant_json_invalid(position, f"{member} is not a text")
        yield parameter, value


@contextmanager
def _with_position(position: int) -> Iterator[None]:
    """Name in a refusal the participant that it is about."""
    try:
        with as_refusals():
            yield
    except ApiError as refused:
        raise ApiError(
            refused.code, refused.status, refused.message, {**(refused.details or {}), "participant": position}
        ) from refused


@contextmanager
def _with_position_of(members: Sequence[Participant]) -> Iterator[None]:
    """Name the participant in a refusal that is about all members together.

    It is the last one that has the address or the identity of the refusal.
    """
    try:
        with as_refusals():
            yield
    except ApiError as refused:
        culprit = {refused.details.get("address"), refused.details.get("identity")} if refused.details else set()
        for position, member in reversed(list(enumerate(members, 1))):
            if (culprit - {None}) & {
                _format_optional(member.address),
                _format_optional(member.projected_address),
                member.identity,
            }:
                with _with_position(position):
                    raise
        raise


def _format_optional(address: str | None) -> str | None:
    """Format an address as a refusal shows it."""
    return format_address(address) if address else None

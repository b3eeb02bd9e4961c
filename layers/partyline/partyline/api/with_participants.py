"""A conversation and its participants in one request: checked first, made in one transaction, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from partyline import participants, refusals, sids
from partyline.api import conversations, fields, responses
from partyline.api.calls import Answer, Call
from partyline.api.participants import described, own_numbers
from partyline.api.requests import Parameters
from partyline.errors import ApiError
from partyline.model import Participant
from partyline.states import ConversationState
from partyline.store import conversations as store

_LINKS = ("participants", "messages", "webhooks")
# The members of the JSON text, with the parameters of a participant's own resource.
_BINDING = {
    "address": "MessagingBinding.Address",
    "proxy_address": "MessagingBinding.ProxyAddress",
    "projected_address": "MessagingBinding.ProjectedAddress",
}
_MEMBERS = {
    "identity": "Identity",
    "attributes": "Attributes",
    "role_sid": "RoleSid",
    "date_created": "DateCreated",
    "date_updated": "DateUpdated",
}


def create(call: Call) -> Answer:
    """POST /ConversationWithParticipants: answered `initializing`; it becomes active a moment later.

    A refusal names the participant that it is about in its details, counted from 1. Raises ApiError as the creation of
    a conversation and of a participant, and 50424, 50425, 50426, 50435.
    """
    texts = call.request.form.all("Participant")
    if not texts:
        raise refusals.invalid_parameter("Participant", "give at least one")
    if len(texts) > call.desk.group_limit:
        raise refusals.too_many_participants(call.desk.group_limit)
    conversation = conversations.new(call)
    if conversation.state is not ConversationState.ACTIVE:
        raise refusals.invalid_parameter("State", "a conversation that is made with its participants starts active")
    members = _members(call, conversation.sid, texts)
    made = store.create(call.table, replace(conversation, state=ConversationState.INITIALIZING), members)
    return Answer(202, responses.conversation(call, made, _LINKS))


def _members(call: Call, conversation_sid: str, texts: Sequence[str]) -> list[Participant]:
    wanted = []
    for position, text in enumerate(texts, 1):
        with _naming(position):
            wanted.append(described(_parameters(position, text), conversation_sid, call.now))
    own = own_numbers(call, [number for binding, _ in wanted for number in binding.numbers()])
    for position, (binding, _) in enumerate(wanted, 1):
        with _naming(position):
            participants.check_binding(binding, own)
    # In the order that was given, though they be made in one millisecond.
    in_order = sids.several(sids.PARTICIPANT, len(wanted))
    members = [replace(member, sid=sid) for (_, member), sid in zip(wanted, in_order, strict=True)]
    _check_pairs(members)
    with _naming_by_details(members):
        participants.check_members(members, group_limit=call.desk.group_limit)
        participants.check_complete(members)
    return members


def _check_pairs(members: Sequence[Participant]) -> None:
    """Refuse a pair that is given twice (50425): no conversation has it yet, so none can be named."""
    pairs = [(member.address, member.proxy_address) for member in members]
    for position, (address, proxy) in enumerate(pairs, 1):
        if address and proxy and (address, proxy) in pairs[: position - 1]:
            with _naming(position):
                raise refusals.pair_repeated(address)


def _parameters(position: int, text: str) -> Parameters:
    """One participant's JSON as the parameters of its own resource. Raises ApiError 50424."""
    try:
        given = fields.parse_json(text)
    except ValueError:
        raise refusals.participant_json_invalid(position, "it is not JSON") from None
    if not isinstance(given, dict):
        raise refusals.participant_json_invalid(position, "it is not a JSON object")
    binding = given.get("messaging_binding") or {}
    if not isinstance(binding, dict):
        raise refusals.participant_json_invalid(position, "messaging_binding is not a JSON object")
    if isinstance(given.get("attributes"), dict):
        given["attributes"] = json.dumps(given["attributes"])
    return Parameters.of([*_texts(position, binding, _BINDING), *_texts(position, given, _MEMBERS)])


def _texts(position: int, given: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for member, parameter in names.items():
        value = given.get(member)
        if value is None:
            continue
        if not isinstance(value, str):
            raise refusals.participant_json_invalid(position, f"{member} is not a text")
        yield parameter, value


@contextmanager
def _naming(position: int) -> Iterator[None]:
    """Say in a refusal which participant it is about."""
    try:
        yield
    except ApiError as refused:
        raise ApiError(
            refused.code, refused.status, refused.message, {**(refused.details or {}), "participant": position}
        ) from refused


@contextmanager
def _naming_by_details(members: Sequence[Participant]) -> Iterator[None]:
    """The same for a rule about all of them together: the last that has the address or identity that was refused."""
    try:
        yield
    except ApiError as refused:
        culprit = {refused.details.get("address"), refused.details.get("identity")} if refused.details else set()
        for position, member in reversed(list(enumerate(members, 1))):
            if (culprit - {None}) & {member.address, member.projected_address, member.identity}:
                with _naming(position):
                    raise
        raise

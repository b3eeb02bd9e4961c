"""Participants: create, fetch, list, update, delete."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from partyline import addresses, refusals, sids
from partyline.api import fields, lookup, paging, responses
from partyline.api.calls import Answer, Call
from partyline.api.requests import Parameters
from partyline.model import Conversation, Participant, ParticipantKind
from partyline.participants import Binding, check_binding, check_chat_joins, check_members
from partyline.store import conversations as store
from partyline.store import lines
from partyline.store.table import Conflict, retrying

Changed = TypeVar("Changed")

# Each try reads anew. A whole group is often added by as many requests at once.
_TRIES = 16
_ADDRESS, _PROXY, _PROJECTED = (
    "MessagingBinding.Address",
    "MessagingBinding.ProxyAddress",
    "MessagingBinding.ProjectedAddress",
)
# SDKs leave out what is null, so a text says that an address is to be removed.
_REMOVED = ("", "null")


def create(call: Call) -> Answer:
    """POST /Conversations/{conversation}/Participants.

    Raises ApiError 20001, 50211, 50303, 50304, 50308, 50309, 50377, 50386, 50407, 50409, 50411 to 50413,
    50416 to 50419, 50433 to 50439.
    """
    return Answer(201, responses.participant(call, _changing(lambda: _join(call))))


def _changing(attempt: Callable[[], Changed]) -> Changed:
    """Change members, reading anew as long as another request is faster: several are often added at once."""
    try:
        return retrying(attempt, tries=_TRIES)
    except Conflict as conflict:
        raise refusals.member_changed() from conflict


def _join(call: Call) -> Participant:
    roster = lookup.roster(call)
    conversation = lookup.changeable(roster.conversation)
    binding, member = described(call.request.form, conversation.sid, call.now)
    check_binding(binding, own_numbers(call, binding.numbers()))
    check_chat_joins(binding, roster.participants)
    members = roster.with_member(member)
    check_members(members, group_limit=call.desk.group_limit)
    store.change_members(call.table, roster, members, call.now)
    return member


def fetch(call: Call) -> Answer:
    """GET .../Participants/{sid or identity}."""
    return Answer(200, responses.participant(call, lookup.participant(call, lookup.roster(call))))


def listed(call: Call) -> Answer:
    """GET .../Participants, in the order of joining."""
    # One conversation's members are few (1,000 at most) and lie together: the list is read whole.
    entries = [(member.sid, responses.participant(call, member)) for member in lookup.roster(call).participants]
    return paging.listing(call, "participants", lambda window: paging.part_of(entries, window))


def update(call: Call) -> Answer:
    """POST .../Participants/{sid or identity}: what the form names changes, the rest stays.

    An identity is attached to a projected address, replaced (handed over) or, when it is empty, detached. Raises
    ApiError as `create`, and 50421, 50440 to 50444.
    """
    return Answer(200, responses.participant(call, _changing(lambda: _change(call))))


def _change(call: Call) -> Participant:
    roster = lookup.roster(call)
    lookup.changeable(roster.conversation)
    before = lookup.participant(call, roster)
    after = _settings(call.request.form, before, roster.conversation, call.now)
    after = _rebound(call.request.form, after)
    if _binding_of(after) == _binding_of(before):
        store.touch_member(call.table, roster.conversation, before, after)
        return after
    new = set(_binding_of(after).numbers()) - set(_binding_of(before).numbers())
    # What it has already was ours when it got it, and the line may be gone by now.
    kept = {number for number in (before.proxy_address, before.projected_address) if number}
    check_binding(_binding_of(after), {*own_numbers(call, new), *kept})
    members = roster.with_member(after)
    check_members(members, group_limit=call.desk.group_limit)
    store.change_members(call.table, roster, members, call.now)
    return after


def delete(call: Call) -> Answer:
    """DELETE .../Participants/{sid or identity}: its messages stay. Raises ApiError 50377, 50386, 50419, 50438."""
    _changing(lambda: _leave(call))
    return Answer(204)


def _leave(call: Call) -> None:
    roster = lookup.roster(call)
    lookup.changeable(roster.conversation)
    member = lookup.participant(call, roster)
    store.change_members(call.table, roster, roster.without(member), call.now)


def described(form: Parameters, conversation_sid: str, now: datetime) -> tuple[Binding, Participant]:
    """The participant that parameters describe; whether it may join is not checked yet."""
    binding = Binding(
        identity=form.get("Identity"),
        address=_address(form, _ADDRESS),
        proxy_address=_address(form, _PROXY),
        projected_address=_address(form, _PROJECTED),
    ).canonical()
    member = Participant(
        sid=sids.new(sids.PARTICIPANT),
        conversation_sid=conversation_sid,
        created=fields.date_created(form) or now,
        updated=fields.date_updated(form) or now,
        identity=binding.identity,
        address=binding.address,
        proxy_address=binding.proxy_address,
        projected_address=binding.projected_address,
        attributes=fields.attributes(form, fields.OTHER_ATTRIBUTES) or "{}",
        role_sid=fields.sid(form, "RoleSid", "RL"),
    )
    return binding, member


def own_numbers(call: Call, numbers: Iterable[str]) -> set[str]:
    """Which of some canonical addresses are our lines."""
    return set(lines.find(call.table, filter(addresses.is_number, numbers)))


def _address(form: Parameters, name: str) -> str | None:
    given = form.get(name)
    return None if given is None else fields.address(given)


def _settings(form: Parameters, before: Participant, conversation: Conversation, now: datetime) -> Participant:
    """The participant with everything changed that no thread depends on."""
    index, read = _read_horizon(form, conversation, now)
    return replace(
        before,
        attributes=fields.attributes(form, fields.OTHER_ATTRIBUTES) or before.attributes,
        role_sid=fields.sid(form, "RoleSid", "RL") or before.role_sid,
        last_read_message_index=before.last_read_message_index if index is None else index,
        last_read_timestamp=read or before.last_read_timestamp,
        created=fields.date_created(form) or before.created,
        updated=fields.date_updated(form) or now,
    )


def _read_horizon(form: Parameters, conversation: Conversation, now: datetime) -> tuple[int | None, str | None]:
    """How far it has read, and when. Raises ApiError 20001, 50421."""
    given, read = form.get("LastReadMessageIndex"), form.get("LastReadTimestamp")
    if given is not None and not (re.fullmatch("[0-9]{1,10}", given) and int(given) <= conversation.last_index):
        raise refusals.read_index_invalid()
    moment = fields.moment(read) if read else None
    if read and moment is None:
        raise refusals.invalid_parameter("LastReadTimestamp", "it is not an ISO 8601 date")
    if given is not None and moment is None:
        moment = now
    return None if given is None else int(given), responses.timestamp(moment) if moment else None


def _rebound(form: Parameters, before: Participant) -> Participant:
    """The participant with its addresses and identity changed. Raises ApiError 50440 to 50444."""
    after = before
    projected, proxy, identity = _address(form, _PROJECTED), _address(form, _PROXY), form.get("Identity")
    if projected is not None:
        after = _reprojected(after, projected)
    if proxy is not None:
        after = _reproxied(after, proxy)
    if identity is not None and identity != (after.identity or ""):
        if not after.projected_address:
            raise refusals.identity_not_added()
        after = replace(after, identity=Binding(identity=identity).canonical().identity)
    return after


def _reprojected(member: Participant, given: str) -> Participant:
    if given in _REMOVED:
        if not member.projected_address:
            raise refusals.projected_not_removed("the participant has none")
        if not member.identity:
            raise refusals.projected_not_removed("the participant is nothing else; delete it instead")
        return replace(member, projected_address=None)
    if member.kind is not ParticipantKind.CHAT:
        raise refusals.projected_not_added()
    return replace(member, projected_address=Binding(projected_address=given).canonical().projected_address)


def _reproxied(member: Participant, given: str) -> Participant:
    if given in _REMOVED:
        if not member.proxy_address:
            raise refusals.proxy_not_removed()
        return replace(member, proxy_address=None)
    proxy = Binding(proxy_address=given).canonical().proxy_address
    if not member.address or proxy == member.proxy_address:
        raise refusals.proxy_not_added()
    return replace(member, proxy_address=proxy)


def _binding_of(member: Participant) -> Binding:
    return Binding(member.identity, member.address, member.proxy_address, member.projected_address)

"""Participants: create, fetch, list, update, delete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import Field

from partyline import refusals
from partyline.api import authorization, contact_members, joining, lookups, pagination, pre_webhook
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import REMOVED, Address, Attributes, DateCreated, DateUpdated
from partyline.api.form_model import Form
from partyline.api.read_horizon import ReadHorizonForm
from partyline.api.request import Parameters
from partyline.api.router import Router
from partyline.carriers.registry import MOST_IN_GROUP
from partyline.domain import addresses, events, sids
from partyline.domain.conversations import group_of
from partyline.domain.join_rules import (
    ParticipantBinding,
    check_binding,
    check_chat_joins,
    check_lines,
    check_members,
    check_unique,
)
from partyline.domain.lines import Line
from partyline.domain.membership import Roster
from partyline.domain.participants import NotificationLevel, Participant, ParticipantKind
from partyline.domain.permissions import Permission, RoleType
from partyline.errors import Conflict
from partyline.frozen_classes import replace
from partyline.storage import lines, memberships, queries, retry
from partyline.storage.queries import Window

route = Router()

Changed = TypeVar("Changed")

_ADDRESSES = ("MessagingBinding.ProxyAddress", "MessagingBinding.ProjectedAddress")
# What is the account's alone to set.
ACCOUNT_ONLY = ("RoleSid", "DateCreated", "DateUpdated")


class ParticipantBindingForm(Form):
    """The identity or addresses of a participant, as the caller wrote them. ParticipantBinding checks combinations."""

    identity: str | None = None
    address: Address | None = Field(None, alias="MessagingBinding.Address")
    proxy_address: Address | None = Field(None, alias="MessagingBinding.ProxyAddress")
    projected_address: Address | None = Field(None, alias="MessagingBinding.ProjectedAddress")


class NewParticipantForm(Form):
    """What is set of a new participant."""

    created: DateCreated | None = Field(None, alias="DateCreated")
    updated: DateUpdated | None = Field(None, alias="DateUpdated")
    attributes: Attributes | None = None


class ParticipantForm(ReadHorizonForm):
    """What can be changed of a participant and no thread depends on."""

    attributes: Attributes | None = None
    created: DateCreated | None = Field(None, alias="DateCreated")
    updated: DateUpdated | None = Field(None, alias="DateUpdated")


@route.post("Conversations/{conversation}/Participants", users=True)
def create(call: Call) -> ApiResponse:
    """Add a participant.

    `ContactSid` (ours) adds a contact by its primary number, or by the one that is given as its address.

    Raises ApiError 20001, 50056, 50211, 50303, 50304, 50308, 50309, 50377, 50386, 50407, 50409, 50411 to 50413, 50416
    to 50419, 50433 to 50439.
    """
    return ApiResponse(
        201, contact_members.build_participant(call, _retry_on_member_conflict(lambda: _add_member(call)))
    )


def _retry_on_member_conflict(attempt: Callable[[], Changed]) -> Changed:
    """Change members, and try anew after a conflict: several are often added at once."""
    try:
        return retry.CONTENDED.run(attempt)
    except Conflict as conflict:
        raise refusals.member_changed() from conflict


def _add_member(call: Call) -> Participant:
    roster = lookups.load_roster(call)
    conversation = lookups.require_changeable(roster.conversation)
    form = call.request.form
    given, contact = contact_members.resolve(call, form, contact_members.fetch_named(call, [form]))
    binding, member = parse_form(given, conversation.sid, call.now)
    authorization.deny_users(call, call.request.form, *ACCOUNT_ONLY)
    known = joining.require_addition(call, roster, binding)
    member = replace(member, role_sid=find_role_of(call, form, binding), contact=contact)
    # One round trip for the new numbers and for ours that are there.
    own = own_lines(call, [*binding.numbers(), *group_of(roster.participants).projected])
    check_binding(binding, own)
    joining.require_unlocked(call, roster, has_number=member.is_bound)
    joining.require_assigned(call, filter(None, [binding.address]))
    joining.require_usable_lines(call, binding, own)
    if member.kind is ParticipantKind.NATIVE:
        joining.require_usable_group(call, group_of(roster.participants).projected, own)
    check_chat_joins(binding, roster.participants)
    members = roster.with_member(member)
    _check_together(call, roster, members, own)
    pre_webhook.consult(call, events.participant_event("onParticipantAdd", member, conversation))
    memberships.change_members(call.table, roster, members, call.now, cause=call.cause, existing_users=known)
    return member


def find_role_of(call: Call, form: Parameters, binding: ParticipantBinding) -> str | None:
    """Find the role that a new participant is given; only identities have one. Raises ApiError 20001, 50100."""
    role = lookups.find_role(call, form.get("RoleSid"), RoleType.CONVERSATION)
    return role if binding.identity else None


@route.get("Conversations/{conversation}/Participants/{participant}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a participant by its SID or identity."""
    return ApiResponse(
        200, contact_members.build_participant(call, lookups.find_participant(call, lookups.load_roster(call)))
    )


@route.get("Conversations/{conversation}/Participants", users=True)
def list_page(call: Call) -> ApiResponse:
    """List the participants, in the order of joining."""
    conversation = lookups.find_conversation(call)

    def read(window: Window) -> pagination.PagePart:
        page = queries.participants(call.table, conversation.sid, window)
        bodies = iter(contact_members.build_participants(call, (member for _, member in page.entries)))
        return pagination.to_page_part(page, lambda _: next(bodies))

    return pagination.build_list_response(call, "participants", read)


@route.post("Conversations/{conversation}/Participants/{participant}", users=True)
def update(call: Call) -> ApiResponse:
    """Change what the form names of a participant.

    An identity is attached to a projected address, replaced (handed over) or, when it is empty, detached. Raises
    ApiError as `create`, and 50421, 50440 to 50444.
    """
    return ApiResponse(
        200, contact_members.build_participant(call, _retry_on_member_conflict(lambda: _change_member(call)))
    )


def _change_member(call: Call) -> Participant:
    roster = lookups.load_roster(call)
    lookups.require_changeable(roster.conversation)
    before = lookups.find_participant(call, roster)
    _check_changing(call, roster, before)
    role = lookups.find_role(call, call.request.form.get("RoleSid"), RoleType.CONVERSATION)
    form = ParticipantForm.parse(call.request.form, last_index=roster.conversation.last_index)
    after = replace(before, **{"updated": call.now, **form.changes_at(call.now)})
    after = _apply_binding(ParticipantBindingForm.parse(call.request.form), after, call.now)
    if "RoleSid" in call.request.form.values:
        after = replace(after, role_sid=role)
    if not after.identity:
        after = replace(after, role_sid=None)
    changed = events.participant_event("onParticipantUpdate", after, roster.conversation)
    if _binding_of(after) == _binding_of(before):
        pre_webhook.consult(call, changed)
        memberships.touch_member(call.table, roster.conversation, before, after, call.now, cause=call.cause)
        return after
    members = roster.with_member(after)
    if replace(_binding_of(after), identity=before.identity) == _binding_of(before):
        # Another identity takes over a number. The group may exceed the limits, if an inbound text has made it.
        check_unique(members)
        pre_webhook.consult(call, changed)
        memberships.change_members(call.table, roster, members, call.now, cause=call.cause)
        return after
    new = set(_binding_of(after).numbers()) - set(_binding_of(before).numbers())
    # What it has already was ours when it got it, and the line may be gone by now.
    unchanged = {number for number in (before.proxy_address, before.projected_address) if number}
    own = own_lines(call, [*new, *group_of(roster.participants).projected])
    check_binding(_binding_of(after), {*own, *unchanged})
    _check_together(call, roster, members, own)
    pre_webhook.consult(call, changed)
    memberships.change_members(call.table, roster, members, call.now, cause=call.cause)
    return after


def _check_together(call: Call, roster: Roster, members: Sequence[Participant], own: Mapping[str, Line]) -> None:
    """Refuse members that cannot be together.

    A group that an inbound text has made may exceed every limit; it may not grow.
    """
    before, after = group_of(roster.participants), group_of(members)
    grows = not {*after.natives, *after.projected} <= {*before.natives, *before.projected}
    check_members(members, group_limit=call.context.group_limit if grows else len(members))
    if grows:
        check_lines(members, own, MOST_IN_GROUP)


def _check_changing(call: Call, roster: Roster, member: Participant) -> None:
    """Refuse changes that are not the calling user's to make.

    Users change their own read horizon, and attributes as their role permits; the rest is the account's. Raises
    ApiError 50107.
    """
    if call.user is None:
        return
    authorization.deny_users(call, call.request.form, *ACCOUNT_ONLY, "Identity", *_ADDRESSES)
    given = set(call.request.form.values)
    is_own = member.identity == call.user.identity
    if not is_own:
        authorization.deny_users(call, call.request.form, "LastReadMessageIndex", "LastReadTimestamp")
    if "Attributes" in given or not is_own:
        own, any_one = Permission.EDIT_OWN_PARTICIPANT_ATTRIBUTES, Permission.EDIT_ANY_PARTICIPANT_ATTRIBUTES
        authorization.require_conversation_permission(call, roster, own if is_own else any_one)


@route.delete("Conversations/{conversation}/Participants/{participant}", users=True)
def delete(call: Call) -> ApiResponse:
    """Remove a participant; its messages stay. Raises ApiError 50056, 50377, 50386, 50419, 50438."""
    _retry_on_member_conflict(lambda: _remove_member(call))
    return ApiResponse(204)


def _remove_member(call: Call) -> None:
    roster = lookups.load_roster(call)
    lookups.require_changeable(roster.conversation)
    member = lookups.find_participant(call, roster)
    leaves = call.user is not None and member.identity == call.user.identity
    authorization.require_conversation_permission(
        call, roster, Permission.LEAVE_CONVERSATION if leaves else Permission.REMOVE_PARTICIPANT
    )
    joining.require_unlocked(call, roster, has_number=member.is_bound)
    pre_webhook.consult(call, events.participant_event("onParticipantRemove", member, roster.conversation))
    memberships.change_members(call.table, roster, roster.without(member), call.now, cause=call.cause)


def parse_form(form: Parameters, conversation_sid: str, now: datetime) -> tuple[ParticipantBinding, Participant]:
    """Build the participant that parameters describe. Whether it may join is not checked yet."""
    binding = ParticipantBinding(**ParticipantBindingForm.parse(form).changes()).canonical()
    settings: dict[str, Any] = {"created": now, "updated": now, **NewParticipantForm.parse(form).changes()}
    member = Participant(
        sid=sids.new(sids.PARTICIPANT),
        conversation_sid=conversation_sid,
        identified=now if binding.identity else None,
        identity=binding.identity,
        address=binding.address,
        proxy_address=binding.proxy_address,
        projected_address=binding.projected_address,
        **settings,
    )
    return binding, member


def own_lines(call: Call, numbers: Iterable[str]) -> dict[str, Line]:
    """Fetch the lines among some canonical addresses."""
    return lines.fetch(call.table, filter(addresses.is_number, numbers))


def _apply_binding(form: ParticipantBindingForm, before: Participant, now: datetime) -> Participant:
    """Apply changes of addresses and identity. Raises ApiError 50440 to 50444."""
    after = before
    if form.projected_address is not None:
        after = _apply_projected(after, form.projected_address)
    if form.proxy_address is not None:
        after = _apply_proxy(after, form.proxy_address)
    if form.identity is not None and form.identity != (after.identity or ""):
        if not after.projected_address:
            raise refusals.identity_not_added()
        # This is another user: the role and the read horizon of the previous one do not apply.
        after = replace(
            after,
            identity=ParticipantBinding(identity=form.identity).canonical().identity,
            identified=now,
            role_sid=None,
            last_read_message_index=None,
            last_read_timestamp=None,
            notification_level=NotificationLevel.DEFAULT,
        )
    return after


def _apply_projected(member: Participant, given: str) -> Participant:
    if given in REMOVED:
        if not member.projected_address:
            raise refusals.projected_not_removed("the participant has none")
        if not member.identity:
            raise refusals.projected_not_removed("the participant is nothing else; delete it instead")
        return replace(member, projected_address=None)
    if member.kind is not ParticipantKind.CHAT:
        raise refusals.projected_not_added()
    return replace(member, projected_address=ParticipantBinding(projected_address=given).canonical().projected_address)


def _apply_proxy(member: Participant, given: str) -> Participant:
    if given in REMOVED:
        if not member.proxy_address:
            raise refusals.proxy_not_removed()
        return replace(member, proxy_address=None)
    proxy = ParticipantBinding(proxy_address=given).canonical().proxy_address
    if not member.address or proxy == member.proxy_address:
        raise refusals.proxy_not_added()
    return replace(member, proxy_address=proxy)


def _binding_of(member: Participant) -> ParticipantBinding:
    return ParticipantBinding(member.identity, member.address, member.proxy_address, member.projected_address)

"""Participants as contacts: added by `ContactSid`, and shown with what has become of the contact since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from partyline import refusals
from partyline.api import authorization, serializers
from partyline.api.bodies import ParticipantBody
from partyline.api.context import Call
from partyline.api.request import Parameters
from partyline.domain import addresses, sids
from partyline.domain.contacts import Contact, ContactSnapshot
from partyline.domain.participants import Participant
from partyline.frozen_classes import replace
from partyline.storage import contacts

_CONTACT, _ADDRESS = "ContactSid", "MessagingBinding.Address"


def fetch_named(call: Call, forms: Iterable[Parameters]) -> dict[str, Contact]:
    """Fetch the contacts that new participants are added as: one round trip, and none where no form names one."""
    given = {form.get(_CONTACT) or "" for form in forms}
    named = [sid for sid in sorted(given) if sids.matches(sids.CONTACT, sid)]
    return contacts.fetch_many(call.table, named) if named else {}


def resolve(call: Call, form: Parameters, known: Mapping[str, Contact]) -> tuple[Parameters, ContactSnapshot | None]:
    """Return the parameters of a new participant with the number of the contact that they name, and its snapshot.

    The number is the one that they give, or the primary one. `known` are the contacts by SID. Raises ApiError 20001 for
    a contact that the caller cannot see or that has no number, 50407 for a number that is not its own.
    """
    sid = form.get(_CONTACT)
    if not sid:
        return form, None
    contact = known.get(sid)
    if (
        contact is None
        or contact.deleted
        or contact.service_sid != call.scope.service_sid
        or not authorization.can_see_contact(call, contact)
    ):
        raise refusals.invalid_parameter(_CONTACT, "it is no contact of this Service")
    number = _choose_number(contact, form.get(_ADDRESS))
    return form.with_value(_ADDRESS, number), ContactSnapshot(sid, contact.version, contact.friendly_name)


def _choose_number(contact: Contact, given: str | None) -> str:
    if not given:
        if contact.primary is None:
            raise refusals.invalid_parameter(_CONTACT, "the contact has no number")
        return contact.primary
    number = addresses.canonicalize(given)
    if number not in contact.addresses:
        raise refusals.address_invalid(number, f"it is no number of Contact {contact.sid}")
    return number


def build_participant(call: Call, member: Participant) -> ParticipantBody:
    """Build a participant with its contact."""
    return build_participants(call, [member])[0]


def build_participants(call: Call, members: Iterable[Participant]) -> list[ParticipantBody]:
    """Build participants with those of their contacts that the caller may know: staff all, others their own.

    Cost: one round trip more where any was added as a contact.
    """
    shown = list(members)
    snapshots = [member.contact for member in shown if member.contact]
    current = contacts.fetch_current(call.table, snapshots) if snapshots else {}
    return [_build(call, member, current.get(member.contact.sid) if member.contact else None) for member in shown]


def _build(call: Call, member: Participant, current: Contact | None) -> ParticipantBody:
    is_known = authorization.is_staff(call) or (current is not None and authorization.can_see_contact(call, current))
    return serializers.build_participant(call, member if is_known else replace(member, contact=None), current)

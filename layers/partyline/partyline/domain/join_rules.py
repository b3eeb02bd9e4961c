"""Who may join a conversation, and as what.

The same rules serve a single member's add or change and a whole new conversation: first each binding by itself, then
the members as they would be together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import phonenumbers

from partyline import refusals
from partyline.domain import addresses, identities
from partyline.domain.conversations import group_of
from partyline.domain.lines import Line
from partyline.domain.participants import Participant, ParticipantKind
from partyline.domain.threads import is_pair

MAX_ADDRESS = 256
MAX_PARTICIPANTS = 1000
MAX_BOUND = 50
# Group MMS exists between numbers of these regions; a +1 number of another one (Guam, Jamaica, ...) is refused.
GROUP_REGIONS = ("US", "CA")


@dataclass(frozen=True, slots=True)
class ParticipantBinding:
    """What a caller asks a participant to be. Addresses are as the caller wrote them; None is not given."""

    identity: str | None = None
    address: str | None = None
    proxy_address: str | None = None
    projected_address: str | None = None

    def canonical(self) -> ParticipantBinding:
        """The same with canonical addresses. Raises ApiError 50203, 50206, 50207, 50407, 50411, 50412."""
        if self.address is not None and not self.address.strip():
            raise refusals.address_empty()
        if self.proxy_address is not None and not self.proxy_address.strip():
            raise refusals.proxy_empty()
        for given in (self.address, self.proxy_address, self.projected_address):
            if given and len(given) > MAX_ADDRESS:
                raise refusals.address_too_long(given, MAX_ADDRESS)
        return ParticipantBinding(
            identity=identities.check_identity(self.identity) if self.identity else None,
            address=addresses.canonicalize(self.address) if self.address else None,
            proxy_address=addresses.canonicalize(self.proxy_address) if self.proxy_address else None,
            projected_address=addresses.canonicalize(self.projected_address) if self.projected_address else None,
        )

    def numbers(self) -> tuple[str, ...]:
        """Every address in it; the caller looks up which of them are our own lines."""
        return tuple(given for given in (self.address, self.proxy_address, self.projected_address) if given)


def check_binding(binding: ParticipantBinding, own: Collection[str]) -> None:
    """Refuse a combination that is no kind of participant. `binding` is canonical, `own` the lines among its numbers.

    Raises ApiError: 20001 nothing given, 50211, 50407, 50409, 50411, 50413, 50439.
    """
    _check_combination(binding)
    if binding.address:
        _check_address(binding.address, own)
    if binding.proxy_address and binding.proxy_address not in own:
        raise refusals.proxy_not_ours(binding.proxy_address)
    if binding.projected_address and binding.projected_address not in own:
        raise refusals.projected_not_ours(binding.projected_address)


def _check_combination(binding: ParticipantBinding) -> None:
    if not binding.identity and not binding.numbers():
        raise refusals.invalid_parameter(
            "Identity", "give Identity, MessagingBinding.Address or MessagingBinding.ProjectedAddress"
        )
    if binding.address and binding.projected_address:
        raise refusals.address_invalid(
            binding.address,
            "a participant has an Address (a handset) or a ProjectedAddress (one of your numbers), not both",
        )
    if binding.identity and binding.address:
        raise refusals.identity_not_acceptable()
    if binding.proxy_address and not binding.address:
        raise refusals.address_empty()
    if binding.address and binding.address == binding.proxy_address:
        raise refusals.address_is_proxy(binding.address)


def _check_address(address: str, own: Collection[str]) -> None:
    if address in own:
        raise refusals.address_invalid(address, "it is one of your own numbers; give it as ProjectedAddress")
    if not addresses.is_number(address):
        raise refusals.address_invalid(address, "it is not a phone number in E.164 form")


def check_members(members: Sequence[Participant], *, group_limit: int) -> None:
    """Refuse a set of members that cannot be together. Called with the members as they would be after the change.

    Raises ApiError: 50407, 50416, 50417, 50418, 50433, 50435, 50436, 50437.
    """
    if len(members) > MAX_PARTICIPANTS:
        raise refusals.participants_over_limit(MAX_PARTICIPANTS)
    if sum(member.is_bound for member in members) > MAX_BOUND:
        raise refusals.bound_over_limit(MAX_BOUND)
    check_unique(members)
    group = group_of(members)
    thread = group.thread
    if len(group.natives) + len(group.projected) > group_limit:
        raise refusals.group_over_limit(group_limit)
    # Beyond a pair the carriers' rules for group MMS hold.
    if thread is None or is_pair(thread):
        return
    for address in group.natives:
        _check_group_address(address)
    for member in members:
        if member.kind is ParticipantKind.CHAT:
            raise refusals.group_invalid(f"participant {member.identity} has no projected address", member.identity)


def check_lines(members: Sequence[Participant], lines: Mapping[str, Line], most: Mapping[str, int]) -> None:
    """Refuse a group that one of our numbers in it could not write to: each may be the one that does. `lines` are those
    among its numbers, `most` how many others a carrier takes in a group, by name. What is found here would else fail
    with the first text.

    Raises ApiError 50407 for a number that sends no group MMS (toll-free, a short code, abroad), 50436 for more people
    than its carrier takes in a group.
    """
    group = group_of(members)
    if group.thread is None or is_pair(group.thread):
        return
    for address in group.projected:
        _check_sender(address)
        line = lines.get(address)
        others = len(group.natives) + len(group.projected) - 1
        if line and others > most[line.carrier]:
            raise refusals.group_over_carriers_limit(address, line.carrier, most[line.carrier], others)


def _check_sender(address: str) -> None:
    if addresses.is_toll_free(address):
        raise refusals.address_invalid(address, "toll-free numbers send no group MMS; give a long code of yours")
    if not addresses.is_nanp(address):
        raise refusals.address_invalid(address, "only +1 long codes send group MMS")


def check_unique(members: Sequence[Participant]) -> None:
    """Refuse one party twice among the members of a conversation. Raises ApiError 50416, 50433, 50437."""
    repeated = _repeated(member.identity for member in members)
    if repeated:
        raise refusals.participant_exists(repeated)
    repeated = _repeated(
        member.projected_address or member.address for member in members if member.kind is not ParticipantKind.MASKED
    )
    if repeated:
        raise refusals.group_participant_exists(repeated)
    natives = group_of(members).natives
    for member in members:
        if member.kind is ParticipantKind.MASKED and member.address in natives:
            # They would hear everything twice, and in the end in the same 1:1 thread.
            raise refusals.group_participant_exists(member.address)
    pairs = Counter(
        (member.address, member.proxy_address) for member in members if member.kind is ParticipantKind.MASKED
    )
    for (address, _), count in pairs.items():
        if count > 1:
            raise refusals.pair_taken(members[0].conversation_sid, address)


def _repeated(values: Iterable[str | None]) -> str | None:
    counts = Counter(value for value in values if value)
    return next((value for value, count in counts.items() if count > 1), None)


def check_reachable(address: str, *, group: bool) -> None:
    """Refuse a native or masked member whom no text can reach, as one may be whom a text brought. Raises ApiError
    50407."""
    if not addresses.is_number(address):
        raise refusals.address_invalid(address, "it is no phone number: no text can reach it")
    if group and not addresses.is_nanp(address):
        raise refusals.address_invalid(address, "group MMS reaches US and Canadian (+1) phone numbers only")


def _check_group_address(address: str) -> None:
    """Who joins a group has a number of the US or Canada; whom a text has brought is tried."""
    check_reachable(address, group=True)
    region = phonenumbers.region_code_for_number(phonenumbers.parse(address))
    if region not in (*GROUP_REGIONS, None):
        raise refusals.address_invalid(address, f"group MMS reaches US and Canadian phone numbers only, not {region}")


def check_chat_joins(binding: ParticipantBinding, members: Sequence[Participant]) -> None:
    """Refuse a chat-only participant in a conversation that is a group by now: nobody could see who wrote (50434)."""
    thread = group_of(members).thread
    if binding.identity and not binding.numbers() and thread and not is_pair(thread):
        raise refusals.projected_missing(binding.identity)


def check_complete(members: Sequence[Participant]) -> None:
    """Refuse a new conversation whose handsets and own numbers form no thread (50435): a native member and no number of
    ours, or the other way round with nobody else. Conversations built member by member pass through such sets."""
    group = group_of(members)
    if group.natives and not group.projected:
        raise refusals.group_invalid("no participant has a projected address: add one of your own numbers")

"""Join rules: which participants a conversation accepts, and with which bindings. Pure.

The rules apply to a member that is added or changed, and to a new conversation. First each binding is checked alone,
then the members after the change are checked together. A broken rule raises RuleViolation with the name of the rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from partyline.domain import addresses, identities
from partyline.domain.conversations import group_of
from partyline.domain.lines import Line
from partyline.domain.participants import Participant, ParticipantKind
from partyline.domain.threads import is_pair
from partyline.errors import RuleViolation
from partyline.frozen_classes import frozen

MAX_ADDRESS = 256
MAX_PARTICIPANTS = 1000
MAX_BOUND = 50
# Group MMS exists between numbers of these regions; a +1 number of another one (Guam, Jamaica, ...) is refused.
GROUP_REGIONS = ("US", "CA")


@frozen
class ParticipantBinding:
    """The identity and addresses of a participant as the caller wrote them; None when absent."""

    identity: str | None = None
    address: str | None = None
    proxy_address: str | None = None
    projected_address: str | None = None

    def canonical(self) -> ParticipantBinding:
        """Return the binding with canonical addresses.

        Raises RuleViolation for an invalid identity, and for an address that is empty or too long.
        """
        if self.address is not None and not self.address.strip():
            raise RuleViolation("address_empty")
        if self.proxy_address is not None and not self.proxy_address.strip():
            raise RuleViolation("proxy_empty")
        for number in self.numbers():
            if len(number) > MAX_ADDRESS:
                raise RuleViolation("address_too_long", given=number, limit=MAX_ADDRESS)
        return ParticipantBinding(
            identity=identities.check_identity(self.identity) if self.identity else None,
            address=_canonicalize(self.address),
            proxy_address=_canonicalize(self.proxy_address),
            projected_address=_canonicalize(self.projected_address),
        )

    def numbers(self) -> tuple[str, ...]:
        """Return every address of the binding; the caller looks up which of them are lines."""
        return tuple(number for number in (self.address, self.proxy_address, self.projected_address) if number)


def _canonicalize(address: str | None) -> str | None:
    return addresses.canonicalize(address) if address else None


def check_binding(binding: ParticipantBinding, own: Collection[str]) -> None:
    """Refuse a combination of fields that is no valid participant.

    `binding` is canonical, `own` are the lines among its numbers. Raises RuleViolation.
    """
    if not binding.identity and not binding.numbers():
        raise RuleViolation(
            "invalid_parameter",
            name="Identity",
            problem="give Identity, MessagingBinding.Address or MessagingBinding.ProjectedAddress",
        )
    _check_combination(binding)
    if binding.address:
        _check_address(binding.address, own)
    if binding.proxy_address and binding.proxy_address not in own:
        raise RuleViolation("proxy_not_ours", address=binding.proxy_address)
    if binding.projected_address and binding.projected_address not in own:
        raise RuleViolation("projected_not_ours", address=binding.projected_address)


def _check_combination(binding: ParticipantBinding) -> None:
    if binding.address and binding.projected_address:
        raise RuleViolation(
            "address_invalid",
            address=binding.address,
            problem="a participant has an Address (a handset) or a ProjectedAddress (one of your numbers), not both",
        )
    if binding.identity and binding.address:
        raise RuleViolation("identity_not_acceptable")
    if binding.proxy_address and not binding.address:
        raise RuleViolation("address_empty")
    if binding.address and binding.address == binding.proxy_address:
        raise RuleViolation("address_is_proxy", address=binding.address)


def _check_address(address: str, own: Collection[str]) -> None:
    if address in own:
        raise RuleViolation(
            "address_invalid", address=address, problem="it is one of your own numbers; give it as ProjectedAddress"
        )
    if not addresses.is_number(address):
        raise RuleViolation("address_invalid", address=address, problem="it is not a phone number in E.164 form")


def check_members(members: Sequence[Participant], *, group_limit: int) -> None:
    """Refuse a set of members that cannot be in one conversation.

    `members` are those after the change. Raises RuleViolation.
    """
    if len(members) > MAX_PARTICIPANTS:
        raise RuleViolation("participants_over_limit", limit=MAX_PARTICIPANTS)
    if sum(member.is_bound for member in members) > MAX_BOUND:
        raise RuleViolation("bound_over_limit", limit=MAX_BOUND)
    check_unique(members)
    group = group_of(members)
    thread = group.thread
    if len(group.natives) + len(group.projected) > group_limit:
        raise RuleViolation("group_over_limit", limit=group_limit)
    # A thread of more than two parties is group MMS, which has rules of the carriers.
    if thread is None or is_pair(thread):
        return
    for address in group.natives:
        _check_group_address(address)
    for member in members:
        if member.kind is ParticipantKind.CHAT:
            raise RuleViolation(
                "group_invalid",
                problem=f"participant {member.identity} has no projected address",
                identity=member.identity,
            )


def check_lines(members: Sequence[Participant], lines: Mapping[str, Line], max_others: Mapping[str, int]) -> None:
    """Refuse a group with an own number that cannot send to it, since any own number may be the sender.

    Without this check the first text would fail. `lines` are the lines among its numbers. `max_others` is how many
    other members a carrier accepts in a group at most, by carrier.

    Raises RuleViolation address_invalid for a number that sends no group MMS (toll-free, a short code, abroad), and
    group_over_carriers_limit.
    """
    group = group_of(members)
    if group.thread is None or is_pair(group.thread):
        return
    for address in group.projected:
        _check_sender(address)
        line = lines.get(address)
        others = len(group.natives) + len(group.projected) - 1
        if line and others > max_others[line.carrier]:
            raise RuleViolation(
                "group_over_carriers_limit",
                line=address,
                carrier=line.carrier,
                limit=max_others[line.carrier],
                others=others,
            )


def _check_sender(address: str) -> None:
    problem = find_sender_problem(address)
    if problem:
        raise RuleViolation("address_invalid", address=address, problem=problem)


def find_sender_problem(address: str) -> str | None:
    """Find why an own number sends no group MMS; None if it does."""
    if addresses.is_toll_free(address):
        return "toll-free numbers send no group MMS; give a long code of yours"
    if not addresses.is_nanp(address):
        return "only +1 long codes send group MMS"
    return None


def check_unique(members: Sequence[Participant]) -> None:
    """Refuse two members with the same identity, address or pair. Raises RuleViolation."""
    repeated = _find_repeated(member.identity for member in members)
    if repeated:
        raise RuleViolation("participant_exists", identity=repeated)
    masked = [member for member in members if member.kind is ParticipantKind.MASKED]
    repeated = _find_repeated(
        member.projected_address or member.address for member in members if member.kind is not ParticipantKind.MASKED
    )
    if repeated:
        raise RuleViolation("group_participant_exists", address=repeated)
    _check_masked(masked, members)


def _check_masked(masked: Sequence[Participant], members: Sequence[Participant]) -> None:
    natives = group_of(members).natives
    for member in masked:
        if member.address in natives:
            # The handset would get each text twice.
            raise RuleViolation("group_participant_exists", address=member.address)
    pairs = Counter((member.address, member.proxy_address) for member in masked)
    for (address, _), count in pairs.items():
        if count > 1:
            raise RuleViolation("pair_taken", owner=members[0].conversation_sid, address=address)


def _find_repeated(values: Iterable[str | None]) -> str | None:
    counts = Counter(value for value in values if value)
    return next((value for value, count in counts.items() if count > 1), None)


def check_reachable(address: str, *, group: bool) -> None:
    """Refuse a native or masked member that no text can reach; an inbound text may have added one.

    Raises RuleViolation address_invalid.
    """
    if not addresses.is_number(address):
        raise RuleViolation("address_invalid", address=address, problem="it is no phone number: no text can reach it")
    if group and not addresses.is_nanp(address):
        raise RuleViolation(
            "address_invalid", address=address, problem="group MMS reaches US and Canadian (+1) phone numbers only"
        )


def _check_group_address(address: str) -> None:
    """Refuse a new member with a number outside of the US and Canada.

    Members that an inbound text added are not checked here: a send to them is tried.
    """
    check_reachable(address, group=True)
    import phonenumbers  # noqa: PLC0415  (15 ms of a cold start, and seldom needed)

    region = phonenumbers.region_code_for_number(phonenumbers.parse(address))
    if region not in (*GROUP_REGIONS, None):
        raise RuleViolation(
            "address_invalid",
            address=address,
            problem=f"group MMS reaches US and Canadian phone numbers only, not {region}",
        )


def check_chat_joins(binding: ParticipantBinding, members: Sequence[Participant]) -> None:
    """Refuse a chat-only participant in a group: the other members could not see the author of its messages.

    Raises RuleViolation projected_missing.
    """
    thread = group_of(members).thread
    if binding.identity and not binding.numbers() and thread and not is_pair(thread):
        raise RuleViolation("projected_missing", identity=binding.identity)


def check_complete(members: Sequence[Participant]) -> None:
    """Refuse a new conversation that has handsets and no own number, and so no thread.

    A conversation to which members are added one by one may be incomplete for a time.

    Raises RuleViolation group_invalid.
    """
    group = group_of(members)
    if group.natives and not group.projected:
        raise RuleViolation(
            "group_invalid", problem="no participant has a projected address: add one of your own numbers"
        )

"""Refusals about the members of a conversation: addresses, identities, groups."""

from __future__ import annotations

from partyline.domain.addresses import format_address
from partyline.domain.threads import is_pair
from partyline.errors import ApiError
from partyline.refusals.dictionary import refuse, shorten


def member_changed() -> ApiError:
    return refuse(50419, reason="another request changed the members: try again")


def address_invalid(address: str, problem: str) -> ApiError:
    return refuse(50407, address=format_address(address), reason=problem)


def address_too_long(given: str, limit: int) -> ApiError:
    return refuse(50407, address=shorten(given), reason=f"at most {limit} characters")


def address_is_proxy(address: str) -> ApiError:
    return refuse(50409, address=format_address(address))


def address_empty() -> ApiError:
    return refuse(50411, parameter="MessagingBinding.Address")


def proxy_empty() -> ApiError:
    return refuse(50412, parameter="MessagingBinding.ProxyAddress")


def proxy_not_ours(address: str) -> ApiError:
    return refuse(50413, proxy_address=format_address(address))


def pair_taken(owner: str, address: str | None = None) -> ApiError:
    return refuse(
        50416,
        f"A binding for this participant and proxy address already exists in Conversation {owner}",
        conversation_sid=owner,
        address=format_address(address) if address else None,
    )


def participants_over_limit(limit: int) -> ApiError:
    return refuse(50417, reason=f"a conversation has at most {limit} participants")


def bound_over_limit(limit: int) -> ApiError:
    return refuse(50418, reason=f"a conversation has at most {limit} with an address")


def participant_json_invalid(position: int, problem: str) -> ApiError:
    return refuse(50424, reason=problem, participant=position)


def pair_repeated(address: str) -> ApiError:
    return refuse(50425, address=format_address(address))


def too_many_participants(limit: int) -> ApiError:
    return refuse(50426, parameter="Participant", reason=f"at most {limit}")


def participant_not_found() -> ApiError:
    return refuse(50432)


def participant_exists(identity: str) -> ApiError:
    return refuse(50433, identity=identity)


def projected_missing(identity: str) -> ApiError:
    return refuse(50434, identity=identity)


def group_invalid(problem: str, identity: str | None = None) -> ApiError:
    return refuse(50435, reason=problem, identity=identity)


def group_over_limit(limit: int) -> ApiError:
    return refuse(50436, reason=f"at most {limit}")


def group_over_carriers_limit(line: str, carrier: str, limit: int, others: int) -> ApiError:
    return refuse(
        50436,
        reason=f"line {line} is {carrier}'s, which takes {limit} others in a group; these would be {others}",
        line=line,
        carrier=carrier,
        limit=limit,
    )


def group_participant_exists(address: str) -> ApiError:
    return refuse(50437, address=format_address(address))


def group_taken(owner: str) -> ApiError:
    return refuse(
        50438, f"Group MMS with given participant list already exists as Conversation {owner}", conversation_sid=owner
    )


def thread_taken(thread: str, owner: str) -> ApiError:
    """Refuse a thread that another conversation owns: 50416 for a pair, 50438 for a group."""
    return pair_taken(owner) if is_pair(thread) else group_taken(owner)


def projected_not_ours(address: str) -> ApiError:
    return refuse(50439, projected_address=format_address(address))


def proxy_not_removed() -> ApiError:
    return refuse(50440, reason="the participant has none")


def proxy_not_added() -> ApiError:
    return refuse(50441, reason="the participant has no address, or has this proxy already")


def projected_not_removed(problem: str) -> ApiError:
    return refuse(50442, reason=problem)


def projected_not_added() -> ApiError:
    return refuse(50443, reason="the participant already has a messaging binding")


def identity_not_added() -> ApiError:
    return refuse(50444, reason="it has no projected address")


def identity_not_acceptable() -> ApiError:
    return refuse(50211, parameter="Identity", reason="it has an address")


def read_index_invalid() -> ApiError:
    return refuse(50421, parameter="LastReadMessageIndex", reason="it is not an index of this conversation")

"""Map each rule violation of domain and storage to the refusal that the API returns.

A RuleViolation has the name of its refusal, and its details are the arguments of the refusal. So domain and storage do
not depend on Twilio's codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from partyline import refusals
from partyline.errors import ApiError, RuleViolation

_REFUSALS: Mapping[str, Callable[..., ApiError]] = {
    refusal.__name__: refusal
    for refusal in (
        *(refusals.address_empty, refusals.address_invalid, refusals.address_is_proxy, refusals.address_too_long),
        *(refusals.author_not_in_group, refusals.bound_over_limit, refusals.contact_number_taken),
        *(refusals.conversation_changed,),
        *(refusals.group_invalid, refusals.group_over_carriers_limit, refusals.group_over_limit),
        *(refusals.group_participant_exists, refusals.identity_like_sid, refusals.identity_missing),
        *(refusals.identity_not_acceptable, refusals.identity_reserved, refusals.identity_too_long),
        *(refusals.invalid_parameter, refusals.line_exists, refusals.message_not_found, refusals.pair_taken),
        *(refusals.participant_exists, refusals.participant_not_found, refusals.participants_over_limit),
        *(refusals.projected_missing, refusals.projected_not_ours, refusals.proxy_empty, refusals.proxy_not_ours),
        *(refusals.role_in_use, refusals.role_is_default, refusals.service_is_default, refusals.service_not_found),
        *(refusals.snippet_name_taken, refusals.thread_taken, refusals.too_many_webhooks, refusals.unique_name_exists),
    )
}


def to_refusal(violation: RuleViolation) -> ApiError:
    """Build the refusal of a broken rule.

    Raises KeyError for a rule that has no refusal.
    """
    return _REFUSALS[violation.rule](**violation.details)


@contextmanager
def as_refusals() -> Iterator[None]:
    """Raise the refusal of a rule that is broken within the block.

    Raises ApiError.
    """
    try:
        yield
    except RuleViolation as violation:
        raise to_refusal(violation) from violation

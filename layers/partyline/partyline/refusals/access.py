"""Refusals of the caller's access: authentication, access tokens, permissions, quotas."""

from __future__ import annotations

from collections.abc import Sequence

from partyline.domain.addresses import format_address
from partyline.errors import ApiError
from partyline.refusals.dictionary import refuse


def unauthenticated() -> ApiError:
    return refuse(20003)


def keys_manage_no_keys() -> ApiError:
    return refuse(20003, reason="API keys are managed with the account's auth token, not with a key")


def token_invalid() -> ApiError:
    return refuse(20101, reason="it is not a JWT with an expiry")


def token_header_invalid() -> ApiError:
    return refuse(20102, reason="alg must be HS256 and cty twilio-fpa;v=1")


def token_issuer_invalid() -> ApiError:
    return refuse(20103, reason="iss must be an API key that was not revoked, sub its account")


def token_expired() -> ApiError:
    return refuse(20104)


def token_revoked() -> ApiError:
    return refuse(20104, reason="the tokens of this identity were revoked: get a new one")


def signed_out_since() -> ApiError:
    return refuse(20104, reason="the person has signed out since: sign in again")


def token_too_early() -> ApiError:
    return refuse(20105)


def token_grants_invalid(problem: str) -> ApiError:
    return refuse(20106, reason=problem)


def token_signature_invalid() -> ApiError:
    return refuse(20107)


def token_lives_too_long() -> ApiError:
    return refuse(20157, reason="at most 24 hours")


def identity_barred(identity: str) -> ApiError:
    return refuse(
        20403, identity=identity, reason="its user was deleted: it may come back when the account makes it anew"
    )


def forbidden(problem: str) -> ApiError:
    return refuse(20403, reason=problem)


def not_permitted(missing: Sequence[str]) -> ApiError:
    return refuse(50107, missing=list(missing) or None)


def account_only() -> ApiError:
    return refuse(50107, reason="this takes the account's own credentials")


def other_services_users(service_sid: str) -> ApiError:
    return refuse(
        50107,
        reason=f"you set users of your own Service: an identity, or {service_sid}/* for everyone. Those of other "
        "Services are the account's",
    )


def own_user() -> ApiError:
    return refuse(50107, reason="you cannot remove yourself: ask another administrator")


def line_not_permitted(line: str) -> ApiError:
    return refuse(50107, reason=f"you are not among the users of line {line}", line=format_address(line))


def signed_out(reason: str) -> ApiError:
    """Refuse a session that has ended (20003), here or at the provider, or whose person has lost access (20403)."""
    if reason in {"ended", "provider_ended"}:
        return refuse(20003, reason="there is no session: sign in")
    return refuse(20403, reason="you have no access: ask an administrator", cause=reason)


def session_busy() -> ApiError:
    return refuse(20409, "Another request of this session is under way: try again", retry_after=1)


def sign_in_unavailable(retry_after: int) -> ApiError:
    return refuse(20503, reason="the sign-in provider did not answer as it should", retry_after=retry_after)


def contact_not_assigned(address: str) -> ApiError:
    number = format_address(address)
    return refuse(50107, reason=f"{number} is no number of a contact that is assigned to you", address=number)


def group_locked() -> ApiError:
    return refuse(
        50107,
        reason="the members of a group are locked: phones would show another thread. Create a new group instead",
    )


def too_many_connections(limit: int) -> ApiError:
    return refuse(20429, reason=f"an identity can have {limit} live connections at a time")


def quota_spent(limit: int, seconds: int) -> ApiError:
    return refuse(20429, reason=f"at most {limit} within {seconds} seconds", retry_after=seconds)

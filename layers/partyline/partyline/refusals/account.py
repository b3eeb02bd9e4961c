"""Refusals about the resources of the account: lines, Services, roles, users, contacts."""

from __future__ import annotations

from collections.abc import Sequence

from partyline.domain.addresses import format_address
from partyline.errors import ApiError
from partyline.refusals.dictionary import refuse

_NO_SUCH_ROLE = "this Service has no such role of the type {}"


def text_search_off(service_sid: str) -> ApiError:
    return refuse(
        20409, f"Service {service_sid} has no search in texts: set TextSearch=on in its Configuration", parameter="Q"
    )


def line_exists(address: str) -> ApiError:
    return refuse(20409, f"Line {format_address(address)} is registered already", address=format_address(address))


def address_configuration_exists(address: str, sid: str) -> ApiError:
    return refuse(
        20409,
        f"Address {format_address(address)} has a configuration already",
        address=format_address(address),
        address_configuration_sid=sid,
    )


def service_is_default(sid: str) -> ApiError:
    return refuse(20409, f"Service {sid} is the account's default: make another one the default first", service_sid=sid)


def service_not_found(sid: str) -> ApiError:
    return refuse(50050, service_sid=sid)


def creator_role_not_found(sid: str) -> ApiError:
    return refuse(50106, role_sid=sid, reason=_NO_SUCH_ROLE.format("conversation"))


def member_role_not_found(sid: str) -> ApiError:
    return refuse(50109, role_sid=sid, reason=_NO_SUCH_ROLE.format("conversation"))


def user_role_not_found(sid: str) -> ApiError:
    return refuse(50102, role_sid=sid, reason=_NO_SUCH_ROLE.format("service"))


def role_not_found(sid: str, kind: str) -> ApiError:
    return refuse(50100, role_sid=sid, reason=_NO_SUCH_ROLE.format(kind))


def role_type_invalid(types: Sequence[str]) -> ApiError:
    return refuse(50105, parameter="Type", reason=f"use {' or '.join(types)}")


def permission_missing() -> ApiError:
    return refuse(50104, parameter="Permission", reason="give at least one")


def permission_not_found(given: str, kind: str, permissions: Sequence[str]) -> ApiError:
    return refuse(
        50104, parameter="Permission", permission=given, reason=f"a {kind} role can have {', '.join(permissions)}"
    )


def role_is_default(sid: str) -> ApiError:
    return refuse(20409, f"Role {sid} is a default of its Service: give the Service another one first", role_sid=sid)


def role_in_use(sid: str, holder: str, conversation_sid: str | None) -> ApiError:
    """Refuse to delete a role that a user or participant has.

    `holder` is the SID of a user, or of a participant when `conversation_sid` is set.
    """
    return refuse(
        20409,
        f"Role {sid} is in use: give its holder another one first",
        role_sid=sid,
        user_sid=None if conversation_sid else holder,
        participant_sid=holder if conversation_sid else None,
        conversation_sid=conversation_sid,
    )


def user_exists(identity: str, sid: str) -> ApiError:
    return refuse(50201, identity=identity, user_sid=sid)


def identity_missing() -> ApiError:
    return refuse(50204, parameter="Identity")


def identity_reserved(identity: str) -> ApiError:
    return refuse(50203, parameter="Identity", identity=identity)


def identity_like_sid() -> ApiError:
    return refuse(50206, parameter="Identity")


def identity_too_long(limit: int) -> ApiError:
    return refuse(50207, parameter="Identity", reason=f"at most {limit} bytes")


def notification_level_invalid(levels: Sequence[str]) -> ApiError:
    return refuse(50210, parameter="NotificationLevel", reason=f"use {' or '.join(levels)}")


def one_identifier_at_a_time() -> ApiError:
    return refuse(50451)


def contact_number_taken(number: str, contact_sid: str) -> ApiError:
    return refuse(
        20409,
        f"Number {format_address(number)} belongs to Contact {contact_sid}",
        number=format_address(number),
        contact_sid=contact_sid,
    )


def import_not_ready(sid: str) -> ApiError:
    return refuse(20409, f"Import {sid} has no dry run that has ended", contact_import_sid=sid)


def contact_changed(sid: str, version: int) -> ApiError:
    return refuse(
        20409,
        f"Contact {sid} was changed meanwhile: it has version {version} now",
        parameter="Version",
        contact_sid=sid,
        version=version,
    )


def snippet_name_taken(name: str, sid: str) -> ApiError:
    return refuse(20409, f"Snippet {sid} has the name {name}", parameter="Name", snippet_sid=sid)


def catch_up_impossible(address: str, carrier: str) -> ApiError:
    line = format_address(address)
    return refuse(20409, f"Line {line} cannot be caught up: {carrier} lists no texts", address=line, carrier=carrier)


def catch_up_under_way(address: str) -> ApiError:
    return refuse(
        20409, f"Line {format_address(address)} is being caught up: wait for its end", address=format_address(address)
    )

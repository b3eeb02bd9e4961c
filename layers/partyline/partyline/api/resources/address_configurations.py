"""Address configurations, Twilio's view of a line's autocreation: create, fetch, list, update, delete.

Whether it is on is the line's own AutoCreation, whichever resource sets it: `enabled` is false when that is off, and
`groups_only` is there and true when it is for groups.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum

from partyline import refusals
from partyline.api import forms, lookups, pagination, serializers, webhook_forms
from partyline.api.context import ApiResponse, Call
from partyline.api.request import Parameters
from partyline.api.router import Level, Router
from partyline.api.serializers import Json
from partyline.domain import addresses, sids
from partyline.domain.lines import AddressConfiguration, AutoCreation, AutoCreationType, Line
from partyline.domain.webhook_configuration import POST_EVENTS, WebhookMethod, find_url_problem
from partyline.storage import lines as store
from partyline.storage import queries, retry, services
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)

_MAX_RETRIES = 3
_SERVICE, _URL = "AutoCreation.ConversationServiceSid", "AutoCreation.WebhookUrl"
_FILTERS, _GROUPS = "AutoCreation.WebhookFilters", "AutoCreation.GroupsOnly"
_FLOW, _RETRIES = "AutoCreation.StudioFlowSid", "AutoCreation.StudioRetryCount"


class _ChannelType(StrEnum):
    """Twilio's channels. The only one here is sms."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    GBM = "gbm"
    EMAIL = "email"
    RCS = "rcs"
    APPLE = "apple"
    CHAT = "chat"


@route.post("Configuration/Addresses")
def create(call: Call) -> ApiResponse:
    """POST /Configuration/Addresses, for a line that has none yet. AutoCreation.Enabled=true is for every text, as at
    Twilio, unless AutoCreation.GroupsOnly=true is given; without either the line stays as it is. Raises ApiError 20001,
    20409, 50050, 50055, 50365."""
    form = call.request.form
    if (form.get("Type") or "").lower() != _ChannelType.SMS:
        raise refusals.invalid_parameter("Type", f"use {_ChannelType.SMS}, the only channel here")
    sid = sids.new(sids.ADDRESS_CONFIGURATION)

    def attempt() -> Line:
        line = _find_line(call, form.get("Address") or "")
        if line and line.configuration:
            raise refusals.address_configuration_exists(line.address, line.configuration.sid)
        made = (
            _store_configuration(call, line, AddressConfiguration(sid, call.now, call.now, groups_only=False))
            if line
            else None
        )
        if made is None:
            raise refusals.invalid_parameter(
                "Address", "it is not one of your lines; register it first: POST /v1/Lines"
            )
        return made

    return ApiResponse(201, _build_body(call, retry.STANDARD.run(attempt)))


@route.get("Configuration/Addresses/{address}")
def fetch(call: Call) -> ApiResponse:
    """GET /Configuration/Addresses/{sid or address}."""
    return ApiResponse(200, _build_body(call, _find_configured_line(call)))


@route.get("Configuration/Addresses")
def list_page(call: Call) -> ApiResponse:
    """GET /Configuration/Addresses, by address; of another Type than sms there are none. Raises ApiError 20001."""
    query = call.request.query
    kind = forms.read_choice(query, "Type", _ChannelType) if query.get("Type") else _ChannelType.SMS

    def read(window: Window) -> pagination.PagePart:
        if kind is not _ChannelType.SMS:
            return pagination.PagePart([])
        page = queries.address_configurations(call.table, window)
        return pagination.to_page_part(page, lambda line: _build_body(call, line))

    return pagination.build_list_response(call, "address_configurations", read, pagination.SMALL_MAX_PAGE_SIZE)


@route.post("Configuration/Addresses/{address}")
def update(call: Call) -> ApiResponse:
    """POST /Configuration/Addresses/{sid or address}: what the form names changes, but for Type and Address. Raises
    ApiError as `create`. A GroupsOnly that was given holds until another is."""

    def attempt() -> Line:
        line = _find_configured_line(call)
        changed = _store_configuration(call, line, replace(_configuration_of(line), updated=call.now))
        if changed is None:
            raise lookups.not_found(call)
        return changed

    return ApiResponse(200, _build_body(call, retry.STANDARD.run(attempt)))


@route.delete("Configuration/Addresses/{address}")
def delete(call: Call) -> ApiResponse:
    """DELETE /Configuration/Addresses/{sid or address}: autocreation is off then."""

    def attempt() -> None:
        line = _find_configured_line(call)
        store.update(
            call.table, line, replace(line, configuration=None, auto_creation=AutoCreation.OFF, updated=call.now)
        )

    retry.STANDARD.run(attempt)
    return ApiResponse(204)


def _find_line(call: Call, given: str) -> Line | None:
    address = addresses.canonicalize(forms.restore_plus(given))
    return store.fetch(call.table, [address]).get(address) if addresses.is_number(address) else None


def _find_configured_line(call: Call) -> Line:
    """The line whose configuration the path names. Raises ApiError 20404."""
    name = call.ids["address"]
    is_sid = sids.matches(sids.ADDRESS_CONFIGURATION, name)
    line = store.find_by_configuration(call.table, name) if is_sid else _find_line(call, name)
    if line is None or line.configuration is None:
        raise lookups.not_found(call)
    return line


def _configuration_of(line: Line) -> AddressConfiguration:
    """The configuration of a line that has one."""
    if line.configuration is None:
        raise ValueError(f"line {line.sid} has no address configuration")
    return line.configuration


def _store_configuration(call: Call, line: Line, before: AddressConfiguration) -> Line | None:
    """The line with its configuration as the form leaves it, stored; None when it is gone."""
    configuration = _apply_form(call, before)
    after = replace(
        line,
        configuration=configuration,
        auto_creation=_auto_creation(call.request.form, line.auto_creation, configuration),
        updated=call.now,
    )
    return after if store.update(call.table, line, after) else None


def _build_body(call: Call, line: Line) -> Json:
    shown = _configuration_of(line)
    return {
        "sid": shown.sid,
        "account_sid": call.context.account_sid,
        "type": _ChannelType.SMS.value,
        "address": line.address,
        "friendly_name": shown.friendly_name,
        "address_country": shown.address_country,
        "auto_creation": {
            name: value for name, value in _build_auto_creation(line, shown).items() if value is not None
        },
        "date_created": serializers.format_timestamp(shown.created),
        "date_updated": serializers.format_timestamp(shown.updated),
        "url": call.account_url("Configuration", "Addresses", shown.sid),
    }


def _build_auto_creation(line: Line, shown: AddressConfiguration) -> Json:
    """What the type uses; None is what is not there."""
    common = {
        "enabled": line.auto_creation is not AutoCreation.OFF,
        "type": shown.type.value,
        "groups_only": True if line.auto_creation is AutoCreation.GROUPS else None,
        "conversation_service_sid": shown.service_sid,
    }
    match shown.type:
        case AutoCreationType.DEFAULT:
            return common
        case AutoCreationType.WEBHOOK:
            method = (shown.webhook_method or WebhookMethod.POST).upper()
            called = {"webhook_url": shown.webhook_url, "webhook_method": method}
            return {**common, **called, "webhook_filters": list(shown.webhook_filters)}
        case AutoCreationType.STUDIO:
            return {
                **common,
                "studio_flow_sid": shown.studio_flow_sid,
                "studio_retry_count": shown.studio_retry_count or 0,
            }


# --- what a form says


def _auto_creation(form: Parameters, before: AutoCreation, after: AddressConfiguration) -> AutoCreation:
    """The texts for which a line makes a conversation once a form is applied. As at Twilio, Enabled covers every text:
    only a GroupsOnly given to this resource narrows it, not what the line was registered with."""
    enabled, groups_only = forms.read_boolean(form, "AutoCreation.Enabled"), forms.read_boolean(form, _GROUPS)
    is_on = before is not AutoCreation.OFF if enabled is None else enabled
    if not is_on:
        return AutoCreation.OFF
    is_for_groups = before is AutoCreation.GROUPS
    if enabled and after.groups_only is not None:
        is_for_groups = after.groups_only and before is not AutoCreation.ALL
    if groups_only is not None:
        is_for_groups = groups_only
    return AutoCreation.GROUPS if is_for_groups else AutoCreation.ALL


def _apply_form(call: Call, before: AddressConfiguration) -> AddressConfiguration:
    """A configuration with everything changed that the form names, without what its type does not use; complete, or
    refused."""
    form = call.request.form
    name, filters = forms.read_text(form, "FriendlyName"), webhook_forms.read_events(form, _FILTERS, POST_EVENTS)
    retries, groups_only = _read_retries(form), forms.read_boolean(form, _GROUPS)
    after = replace(
        before,
        friendly_name=forms.apply_change(name, before.friendly_name),
        address_country=forms.apply_change(_read_country(form), before.address_country),
        type=forms.read_choice(form, "AutoCreation.Type", AutoCreationType) or before.type,
        service_sid=_read_service(call) if _SERVICE in form.values else before.service_sid,
        webhook_url=forms.apply_change(_read_url(form), before.webhook_url),
        webhook_method=webhook_forms.read_method(form, "AutoCreation.WebhookMethod") or before.webhook_method,
        webhook_filters=before.webhook_filters if filters is None else filters,
        studio_flow_sid=forms.read_sid(form, _FLOW, sids.STUDIO_FLOW)
        if _FLOW in form.values
        else before.studio_flow_sid,
        studio_retry_count=before.studio_retry_count if retries is None else retries,
        groups_only=before.groups_only if groups_only is None else groups_only,
    )
    if after.type is AutoCreationType.WEBHOOK and not after.webhook_url:
        raise refusals.invalid_parameter(_URL, "the type webhook needs one")
    if after.type is AutoCreationType.STUDIO and not after.studio_flow_sid:
        raise refusals.invalid_parameter(_FLOW, "the type studio needs one")
    if after.type is not AutoCreationType.WEBHOOK:
        after = replace(after, webhook_url=None, webhook_method=None, webhook_filters=())
    if after.type is not AutoCreationType.STUDIO:
        after = replace(after, studio_flow_sid=None, studio_retry_count=None)
    return after


def _read_service(call: Call) -> str | None:
    """The Service that the form names; an empty one is the account's default."""
    sid = forms.read_sid(call.request.form, _SERVICE, sids.SERVICE)
    if sid and services.fetch(call.table, sid) is None:
        raise refusals.service_not_found(sid)
    return sid


def _read_country(form: Parameters) -> str | None:
    given = form.get("AddressCountry")
    if given and not re.fullmatch("[A-Za-z]{2}", given):
        raise refusals.invalid_parameter("AddressCountry", "it is not two letters of ISO 3166")
    return given.upper() if given else given


def _read_url(form: Parameters) -> str | None:
    given = form.get(_URL)
    problem = find_url_problem(given) if given else None
    if problem:
        raise refusals.invalid_parameter(_URL, problem)
    return given


def _read_retries(form: Parameters) -> int | None:
    count = forms.read_integer(form, _RETRIES)
    if count is not None and count > _MAX_RETRIES:
        raise refusals.invalid_parameter(_RETRIES, f"it is more than {_MAX_RETRIES}")
    return count

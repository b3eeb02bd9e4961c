"""Address configurations, Twilio's view of a line's autocreation: create, fetch, list, update, delete.

Whether it is on is the line's own AutoCreation, whichever resource sets it: `enabled` is false when that is off, and
`groups_only` is there and true when it is for groups.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from partyline import refusals
from partyline.api import lookups, pagination, parsing
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import (
    Address,
    Boolean,
    Name,
    Url,
    choose,
    event_names,
    sid_of,
    webhook_method,
    whole_number,
)
from partyline.api.form_model import Clearable, Form, invalid
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Level, Router
from partyline.domain import addresses, sids
from partyline.domain.lines import AddressConfiguration, AutoCreation, AutoCreationType, Line
from partyline.domain.webhook_configuration import POST_EVENTS, WebhookMethod
from partyline.frozen_classes import replace
from partyline.storage import lines as store
from partyline.storage import queries, retry, services
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)

_MAX_RETRIES = 3
_URL, _FLOW = "AutoCreation.WebhookUrl", "AutoCreation.StudioFlowSid"
_NOT_STORED = {"enabled", "channel", "address"}


class ChannelType(StrEnum):
    """Twilio's channels. The only one here is sms."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    MESSENGER = "messenger"
    GBM = "gbm"
    EMAIL = "email"
    RCS = "rcs"
    APPLE = "apple"
    CHAT = "chat"


def _check_channel(value: str) -> str:
    if value.lower() != ChannelType.SMS:
        raise invalid(f"use {ChannelType.SMS}, the only channel here")
    return value.lower()


def _check_country(value: str | None) -> str | None:
    if value and not re.fullmatch("[A-Za-z]{2}", value):
        raise invalid("it is not two letters of ISO 3166")
    return value.upper() if value else value


_Method = Annotated[WebhookMethod, webhook_method("AutoCreation.WebhookMethod")]
_Filters = Annotated[tuple[str, ...], event_names("AutoCreation.WebhookFilters", POST_EVENTS)]


class ConfiguredAddress(Form):
    """The line of a new configuration."""

    channel: Annotated[str, AfterValidator(_check_channel)] = Field(
        alias="Type", description="`sms`, the only channel here."
    )
    address: Address = Field(description="The number of one of your lines.", examples=["+12065550100"])


class AddressConfigurationForm(Form):
    """What a line's autocreation is, and what the conversations that it makes are given."""

    friendly_name: Clearable[Name] = Field(None, description="A name for people. Empty: none.")
    webhook_filters: _Filters | None = Field(
        None, alias="AutoCreation.WebhookFilters", description="The events that the webhook hears. May be repeated."
    )
    studio_retry_count: Annotated[int, whole_number(maximum=_MAX_RETRIES)] | None = Field(
        None, alias="AutoCreation.StudioRetryCount", description="Stored, without effect."
    )
    groups_only: Boolean | None = Field(
        None, alias="AutoCreation.GroupsOnly", description="Ours: only texts to a group make a conversation."
    )
    address_country: Annotated[Clearable[str], AfterValidator(_check_country)] = Field(
        None, description="The country of the address (ISO 3166)."
    )
    type: Annotated[AutoCreationType, choose(AutoCreationType)] | None = Field(
        None, alias="AutoCreation.Type", description="What a conversation is given besides."
    )
    service_sid: Annotated[Clearable[str], sid_of(sids.SERVICE)] = Field(
        None, alias="AutoCreation.ConversationServiceSid", description="Where. Empty: the account's default Service."
    )
    webhook_url: Clearable[Url] = Field(
        None, alias="AutoCreation.WebhookUrl", description="The webhook of each conversation."
    )
    webhook_method: _Method | None = Field(
        None, alias="AutoCreation.WebhookMethod", description="How the webhook is called."
    )
    studio_flow_sid: Annotated[Clearable[str], sid_of(sids.STUDIO_FLOW)] = Field(
        None, alias="AutoCreation.StudioFlowSid", description="Stored, without effect."
    )
    enabled: Boolean | None = Field(
        None, alias="AutoCreation.Enabled", description="Whether texts without a conversation make one."
    )


class NewAddressConfigurationForm(AddressConfigurationForm, ConfiguredAddress):
    """The configuration of a line that has none yet."""


class AddressConfigurationQuery(Form):
    """Which configurations a list shows."""

    type: Clearable[Annotated[ChannelType, choose(ChannelType)]] = Field(
        None, description="Of this channel only. There are none of another than `sms`."
    )


class AddressConfigurationBody(ResponseModel):
    """The autocreation of a line, as Twilio shows it."""

    sid: str
    account_sid: str
    type: ChannelType = ChannelType.SMS
    address: str
    friendly_name: str | None
    address_country: str | None
    auto_creation: dict[str, Any] = Field(
        description="`enabled`, `type`, and where they are set `groups_only`, `conversation_service_sid` and what the "
        "type uses: `webhook_url`, `webhook_method`, `webhook_filters`, or `studio_flow_sid`, `studio_retry_count`."
    )
    date_created: Timestamp
    date_updated: Timestamp
    url: str


@route.post(
    "Configuration/Addresses",
    docs=Operation(
        form=NewAddressConfigurationForm,
        answers={201: AddressConfigurationBody},
        refusals=(20001, 20409, 50050, 50055, 50365),
    ),
)
def create(call: Call) -> ApiResponse:
    """Configure a line that has no configuration yet.

    AutoCreation.Enabled=true is for every text, as at Twilio, unless AutoCreation.GroupsOnly=true is given; without
    either the line stays as it is.
    """
    form = NewAddressConfigurationForm.parse(call.request.form)
    blank = AddressConfiguration(sids.new(sids.ADDRESS_CONFIGURATION), call.now, call.now, groups_only=False)

    def attempt() -> Line:
        line = _find_line(call, form.address)
        if line and line.configuration:
            raise refusals.address_configuration_exists(line.address, line.configuration.sid)
        configured = _store_configuration(call, line, blank, form) if line else None
        if configured is None:
            raise refusals.invalid_parameter(
                "Address", "it is not one of your lines; register it first: POST /v1/Lines"
            )
        return configured

    return ApiResponse(201, _build_body(call, retry.STANDARD.run(attempt)))


@route.get("Configuration/Addresses/{address}", docs=Operation(answers={200: AddressConfigurationBody}))
def fetch(call: Call) -> ApiResponse:
    """Fetch a configuration by its SID or its address."""
    return ApiResponse(200, _build_body(call, _find_configured_line(call)))


@route.get(
    "Configuration/Addresses",
    docs=Operation(
        query=AddressConfigurationQuery,
        list_of=("address_configurations", AddressConfigurationBody),
        refusals=(20001,),
    ),
)
def list_page(call: Call) -> ApiResponse:
    """List the configurations, by address."""
    channel = AddressConfigurationQuery.parse(call.request.query).type

    def read(window: Window) -> pagination.PagePart:
        if channel not in (None, ChannelType.SMS):
            return pagination.PagePart([])
        page = queries.address_configurations(call.table, window)
        return pagination.to_page_part(page, lambda line: _build_body(call, line))

    return pagination.build_list_response(call, "address_configurations", read, pagination.SMALL_MAX_PAGE_SIZE)


@route.post(
    "Configuration/Addresses/{address}",
    docs=Operation(
        form=AddressConfigurationForm,
        answers={200: AddressConfigurationBody},
        refusals=(20001, 50050, 50055, 50365),
    ),
)
def update(call: Call) -> ApiResponse:
    """Change what the form names of a configuration. A GroupsOnly that was given holds until another is."""

    def attempt() -> Line:
        line = _find_configured_line(call)
        form = AddressConfigurationForm.parse(call.request.form)
        before = replace(_configuration_of(line), updated=call.now)
        changed = _store_configuration(call, line, before, form)
        if changed is None:
            raise lookups.not_found(call)
        return changed

    return ApiResponse(200, _build_body(call, retry.STANDARD.run(attempt)))


@route.delete("Configuration/Addresses/{address}", docs=Operation(answers={204: None}))
def delete(call: Call) -> ApiResponse:
    """Delete a configuration: autocreation is off then."""

    def attempt() -> None:
        line = _find_configured_line(call)
        store.update(
            call.table, line, replace(line, configuration=None, auto_creation=AutoCreation.OFF, updated=call.now)
        )

    retry.STANDARD.run(attempt)
    return ApiResponse(204)


def _find_line(call: Call, number: str) -> Line | None:
    address = addresses.canonicalize(number)
    return store.fetch(call.table, [address]).get(address) if addresses.is_number(address) else None


def _find_configured_line(call: Call) -> Line:
    """Find the line whose configuration the path names. Raises ApiError 20404."""
    name = call.ids["address"]
    is_sid = sids.matches(sids.ADDRESS_CONFIGURATION, name)
    line = store.find_by_configuration(call.table, name) if is_sid else _find_line(call, parsing.restore_plus(name))
    if line is None or line.configuration is None:
        raise lookups.not_found(call)
    return line


def _configuration_of(line: Line) -> AddressConfiguration:
    """Return the configuration of a line that has one."""
    if line.configuration is None:
        raise ValueError(f"line {line.sid} has no address configuration")
    return line.configuration


def _store_configuration(
    call: Call, line: Line, before: AddressConfiguration, form: AddressConfigurationForm
) -> Line | None:
    """Store a line with its configuration as a form changes it. Returns None when the line is gone."""
    if form.service_sid and services.fetch(call.table, form.service_sid) is None:
        raise refusals.service_not_found(form.service_sid)
    configuration = _apply_form(before, form)
    after = replace(
        line,
        configuration=configuration,
        auto_creation=_plan_auto_creation(form, line.auto_creation, configuration),
        updated=call.now,
    )
    return after if store.update(call.table, line, after) else None


def _apply_form(before: AddressConfiguration, form: AddressConfigurationForm) -> AddressConfiguration:
    """Apply a form, and remove what the type does not use. Raises ApiError 20001 for what the type lacks."""
    changes = {name: value for name, value in form.changes().items() if name not in _NOT_STORED}
    after = replace(before, **changes)
    if after.type is AutoCreationType.WEBHOOK and not after.webhook_url:
        raise refusals.invalid_parameter(_URL, "the type webhook needs one")
    if after.type is AutoCreationType.STUDIO and not after.studio_flow_sid:
        raise refusals.invalid_parameter(_FLOW, "the type studio needs one")
    if after.type is not AutoCreationType.WEBHOOK:
        after = replace(after, webhook_url=None, webhook_method=None, webhook_filters=())
    if after.type is not AutoCreationType.STUDIO:
        after = replace(after, studio_flow_sid=None, studio_retry_count=None)
    return after


def _plan_auto_creation(
    form: AddressConfigurationForm, before: AutoCreation, after: AddressConfiguration
) -> AutoCreation:
    """Decide for which texts the line makes a conversation once a form is applied.

    As at Twilio, Enabled covers every text: only a GroupsOnly given to this resource narrows it, not the AutoCreation
    that the line was registered with.
    """
    is_on = before is not AutoCreation.OFF if form.enabled is None else form.enabled
    if not is_on:
        return AutoCreation.OFF
    is_for_groups = before is AutoCreation.GROUPS
    if form.enabled and after.groups_only is not None:
        is_for_groups = after.groups_only and before is not AutoCreation.ALL
    if form.groups_only is not None:
        is_for_groups = form.groups_only
    return AutoCreation.GROUPS if is_for_groups else AutoCreation.ALL


def _build_body(call: Call, line: Line) -> dict[str, Any]:
    configuration = _configuration_of(line)
    auto_creation = _build_auto_creation(line, configuration)
    return AddressConfigurationBody(
        sid=configuration.sid,
        account_sid=call.context.account_sid,
        address=line.address,
        friendly_name=configuration.friendly_name,
        address_country=configuration.address_country,
        auto_creation={name: value for name, value in auto_creation.items() if value is not None},
        date_created=configuration.created,
        date_updated=configuration.updated,
        url=call.account_url("Configuration", "Addresses", configuration.sid),
    ).to_json()


def _build_auto_creation(line: Line, configuration: AddressConfiguration) -> dict[str, Any]:
    """Build the members that the type uses; None for one that is left out."""
    common = {
        "enabled": line.auto_creation is not AutoCreation.OFF,
        "type": configuration.type.value,
        "groups_only": True if line.auto_creation is AutoCreation.GROUPS else None,
        "conversation_service_sid": configuration.service_sid,
    }
    match configuration.type:
        case AutoCreationType.DEFAULT:
            return common
        case AutoCreationType.WEBHOOK:
            method = (configuration.webhook_method or WebhookMethod.POST).upper()
            return {
                **common,
                "webhook_url": configuration.webhook_url,
                "webhook_method": method,
                "webhook_filters": list(configuration.webhook_filters),
            }
        case AutoCreationType.STUDIO:
            return {
                **common,
                "studio_flow_sid": configuration.studio_flow_sid,
                "studio_retry_count": configuration.studio_retry_count or 0,
            }

"""Lines, our own numbers: register, fetch, list, update, forget. Twilio has no such resource."""

from __future__ import annotations

from dataclasses import replace

from partyline import addresses, refusals, sids
from partyline.api import fields, lookup, paging, responses
from partyline.api.calls import Answer, Call
from partyline.api.requests import Parameters
from partyline.carriers.registry import CARRIERS
from partyline.model import AutoCreation, Line
from partyline.store import lines as store
from partyline.store import listing
from partyline.store.listing import Window


def create(call: Call) -> Answer:
    """POST /Lines: Address, Carrier, AutoCreation (off, all or groups), FriendlyName. Raises ApiError 20001, 20409."""
    form = call.request.form
    address = addresses.canonical(fields.address(form.get("Address") or ""))
    if not addresses.is_number(address):
        raise refusals.invalid_parameter("Address", "it is not a phone number in E.164 form")
    carrier = _carrier(form)
    if carrier is None:
        raise refusals.invalid_parameter("Carrier", f"use {', '.join(CARRIERS)}")
    line = Line(
        sid=sids.new(sids.LINE),
        address=address,
        carrier=carrier,
        created=call.now,
        updated=call.now,
        auto_creation=fields.choice(form, "AutoCreation", AutoCreation) or AutoCreation.OFF,
        friendly_name=fields.text(form, "FriendlyName") or None,
    )
    store.register(call.table, line)
    return Answer(201, responses.line(call, line))


def fetch(call: Call) -> Answer:
    """GET /Lines/{number}."""
    return Answer(200, responses.line(call, _find(call)))


def listed(call: Call) -> Answer:
    """GET /Lines, by number."""

    def read(window: Window) -> paging.Part:
        return paging.shown(listing.lines(call.table, window), lambda line: responses.line(call, line))

    return paging.listing(call, "lines", read)


def update(call: Call) -> Answer:
    """POST /Lines/{number}: Carrier, AutoCreation, FriendlyName. Raises ApiError 20001, 20404."""
    before, form = _find(call), call.request.form
    after = replace(
        before,
        carrier=_carrier(form) or before.carrier,
        auto_creation=fields.choice(form, "AutoCreation", AutoCreation) or before.auto_creation,
        friendly_name=fields.changed(fields.text(form, "FriendlyName"), before.friendly_name),
        updated=call.now,
    )
    if not store.update(call.table, before, after):
        raise lookup.missing(call)
    return Answer(200, responses.line(call, after))


def delete(call: Call) -> Answer:
    """DELETE /Lines/{number}, with its address configuration: texts to it are kept among the unrouted, and nothing is
    sent from it any more."""
    store.remove(call.table, _find(call).address)
    return Answer(204)


def _find(call: Call) -> Line:
    address = addresses.canonical(fields.address(call.ids["line"]))
    can_be = addresses.is_number(address)
    line = store.find(call.table, [address]).get(address) if can_be else None
    if line is None:
        raise lookup.missing(call)
    return line


def _carrier(form: Parameters) -> str | None:
    given = form.get("Carrier")
    if given is None:
        return None
    if given.lower() not in CARRIERS:
        raise refusals.invalid_parameter("Carrier", f"use {', '.join(CARRIERS)}")
    return given.lower()

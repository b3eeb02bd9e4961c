"""Lines, our own numbers: register, fetch, list, update, forget. Twilio has no such resource."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from decimal import Decimal

from partyline import refusals
from partyline.api import forms, lookups, pagination, serializers
from partyline.api.context import ApiResponse, Call
from partyline.api.request import Parameters
from partyline.api.router import Level, Router
from partyline.carriers.registry import CARRIERS
from partyline.domain import addresses, sids
from partyline.domain.lines import AutoCreation, Line
from partyline.domain.opt_outs import LANGUAGES, Keyword, is_possible_keyword
from partyline.storage import lines as store
from partyline.storage import queries
from partyline.storage.queries import Window

route = Router(Level.ACCOUNT)

MAX_REPLY = 640


@route.post("Lines")
def create(call: Call) -> ApiResponse:
    """POST /Lines: Address, Carrier, AutoCreation (off, all or groups), FriendlyName, Rate, SmsPrice, MmsPrice,
    Language, AnswersKeywords and Replies ({"stop"|"start"|"help": text} instead of the language's). Raises ApiError
    20001, 20409."""
    form = call.request.form
    address = addresses.canonicalize(forms.restore_plus(form.get("Address") or ""))
    if not addresses.is_number(address):
        raise refusals.invalid_parameter("Address", "it is not a phone number in E.164 form")
    carrier = _read_carrier(form)
    if carrier is None:
        raise refusals.invalid_parameter("Carrier", f"use {', '.join(CARRIERS)}")
    line = Line(
        sid=sids.new(sids.LINE),
        address=address,
        carrier=carrier,
        created=call.now,
        updated=call.now,
        auto_creation=forms.read_choice(form, "AutoCreation", AutoCreation) or AutoCreation.OFF,
        friendly_name=forms.read_text(form, "FriendlyName") or None,
    )
    line = _apply_rate_and_prices(form, _apply_keyword_settings(form, line))
    store.register(call.table, line)
    return ApiResponse(201, serializers.build_line(call, line))


@route.get("Lines/{line}")
def fetch(call: Call) -> ApiResponse:
    """GET /Lines/{number}."""
    return ApiResponse(200, serializers.build_line(call, _find_line(call)))


@route.get("Lines")
def list_page(call: Call) -> ApiResponse:
    """GET /Lines, by number."""

    def read(window: Window) -> pagination.PagePart:
        return pagination.to_page_part(
            queries.lines(call.table, window), lambda line: serializers.build_line(call, line)
        )

    return pagination.build_list_response(call, "lines", read)


@route.post("Lines/{line}")
def update(call: Call) -> ApiResponse:
    """POST /Lines/{number}: as `create`, without Address; Replies are all of them anew, and an empty Rate or price is
    none.
    Raises ApiError 20001, 20404."""
    before, form = _find_line(call), call.request.form
    after = replace(
        before,
        carrier=_read_carrier(form) or before.carrier,
        auto_creation=forms.read_choice(form, "AutoCreation", AutoCreation) or before.auto_creation,
        friendly_name=forms.apply_change(forms.read_text(form, "FriendlyName"), before.friendly_name),
        updated=call.now,
    )
    after = _apply_rate_and_prices(form, _apply_keyword_settings(form, after))
    if not store.update(call.table, before, after):
        raise lookups.not_found(call)
    return ApiResponse(200, serializers.build_line(call, after))


@route.delete("Lines/{line}")
def delete(call: Call) -> ApiResponse:
    """DELETE /Lines/{number}, with its address configuration: texts to it are kept among the unrouted, and nothing is
    sent from it any more."""
    store.remove(call.table, _find_line(call).address)
    return ApiResponse(204)


def _find_line(call: Call) -> Line:
    address = addresses.canonicalize(forms.restore_plus(call.ids["line"]))
    can_be = addresses.is_number(address)
    line = store.fetch(call.table, [address]).get(address) if can_be else None
    if line is None:
        raise lookups.not_found(call)
    return line


def _apply_keyword_settings(form: Parameters, line: Line) -> Line:
    """A line with what a form says of its answers to keywords. Raises ApiError 20001."""
    language = form.get("Language") or line.language
    if language not in LANGUAGES:
        raise refusals.invalid_parameter("Language", f"use {', '.join(LANGUAGES)}")
    answers = forms.read_boolean(form, "AnswersKeywords")
    given = form.get("Replies")
    return replace(
        line,
        language=language,
        replies=line.replies if given is None else _parse_replies(given),
        answers_keywords=line.answers_keywords if answers is None else answers,
    )


def _apply_rate_and_prices(form: Parameters, line: Line) -> Line:
    """A line with what a form says of its rate (texts a second) and its prices (of a segment, and of an MMS, to one
    recipient). Raises ApiError 20001."""
    rate = forms.read_decimal(form, "Rate")
    if rate and Decimal(rate) == 0:
        raise refusals.invalid_parameter("Rate", "it must be more than 0")
    return replace(
        line,
        rate=forms.apply_change(rate, line.rate),
        sms_price=forms.apply_change(forms.read_decimal(form, "SmsPrice"), line.sms_price),
        mms_price=forms.apply_change(forms.read_decimal(form, "MmsPrice"), line.mms_price),
    )


def _parse_replies(given: str) -> dict[str, str]:
    try:
        replies = forms.parse_json(given) if given else {}
    except ValueError:
        replies = None
    if not isinstance(replies, dict) or not replies.keys() <= set(Keyword):
        raise refusals.invalid_parameter("Replies", f"it is a JSON object with texts for {', '.join(Keyword)}")
    for keyword, text in replies.items():
        if not isinstance(text, str) or not _is_legible(text) or len(text) > MAX_REPLY:
            raise refusals.invalid_parameter("Replies", f"{keyword} is a text of at most {MAX_REPLY} characters")
        if is_possible_keyword(text):
            # Two lines that answer each other would never stop.
            raise refusals.invalid_parameter("Replies", f"{keyword} is a keyword itself")
    return replies


def _is_legible(text: str) -> bool:
    """Whether there is something to see in a text, and nothing that carriers take for a command."""
    kinds = [unicodedata.category(character) for character in text if character not in "\r\n\t"]
    return "Cc" not in kinds and any(kind[0] in "LNPS" for kind in kinds)


def _read_carrier(form: Parameters) -> str | None:
    given = form.get("Carrier")
    if given is None:
        return None
    if given.lower() not in CARRIERS:
        raise refusals.invalid_parameter("Carrier", f"use {', '.join(CARRIERS)}")
    return given.lower()

"""Lines, our own numbers: register, fetch, list, update, forget. Twilio has no such resource.

Users read the lines that they may use, in their Service. Who manages lines reads and changes all that make
conversations in the default Service (line_management).
"""

from __future__ import annotations

import unicodedata
from decimal import Decimal as Number
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema

from partyline import refusals
from partyline.api import authorization, filtered_lists, line_management, lookups, pagination
from partyline.api.context import ApiResponse, Call
from partyline.api.field_types import Boolean, Decimal, Name, PhoneNumber, choose
from partyline.api.form_model import Clearable, Form, invalid, none_if_empty
from partyline.api.operations import Operation
from partyline.api.response_model import ResponseModel, Timestamp
from partyline.api.router import Level, Router
from partyline.carriers.registry import CARRIERS, LIMITS, MOST_IN_GROUP
from partyline.domain import identities, json_texts, sids
from partyline.domain.join_rules import find_sender_problem
from partyline.domain.lines import EVERYONE, MAX_USERS, AutoCreation, Line, format_user, resolve_user
from partyline.domain.opt_outs import LANGUAGES, Keyword, is_possible_keyword
from partyline.errors import RuleViolation
from partyline.frozen_classes import replace
from partyline.storage import lines as store
from partyline.storage import queries, services
from partyline.storage.queries import ListPage, Window

route = Router(Level.ACCOUNT)
service_route = Router(Level.SERVICE)

MAX_REPLY = 640


class LineView(StrEnum):
    """Which lines a list shows."""

    USABLE = "usable"
    ALL = "all"


def _check_carrier(value: str) -> str:
    if value.lower() not in CARRIERS:
        raise invalid(f"use {', '.join(CARRIERS)}")
    return value.lower()


def _check_language(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise invalid(f"use {', '.join(LANGUAGES)}")
    return value


def _check_rate(value: str | None) -> str | None:
    if value is not None and Number(value) == 0:
        raise invalid("it must be more than 0")
    return value


def _parse_replies(value: str) -> dict[str, str]:
    try:
        replies = json_texts.parse_json(value) if value else {}
    except ValueError:
        replies = None
    if not isinstance(replies, dict) or not replies.keys() <= set(Keyword):
        raise invalid(f"it is a JSON object with texts for {', '.join(Keyword)}")
    for keyword, text in replies.items():
        if not isinstance(text, str) or not _is_legible(text) or len(text) > MAX_REPLY:
            raise invalid(f"{keyword} is a text of at most {MAX_REPLY} characters")
        if is_possible_keyword(text):
            # Two lines that answer each other would never stop.
            raise invalid(f"{keyword} is a keyword itself")
    return replies


def _is_legible(text: str) -> bool:
    """Whether a text has a visible character, and none that carriers take for a command."""
    kinds = [unicodedata.category(character) for character in text if character not in "\r\n\t"]
    return "Cc" not in kinds and any(kind[0] in "LNPS" for kind in kinds)


def _parse_users(values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Read the users of a line, once each; only empty parameters are none."""
    default = (info.context or {})["default_service_sid"]
    users = tuple(dict.fromkeys(resolve_user(value, default) for value in values if value))
    if len(users) > MAX_USERS:
        raise invalid(f"a line has at most {MAX_USERS}; use * for everyone")
    for user in users:
        _check_user(user)
    return users


def _check_user(user: str) -> None:
    identity = user.partition("/")[2]
    if EVERYONE in (user, identity):
        return
    try:
        identities.check_identity(identity)
    except RuleViolation:
        raise invalid("each is *, an identity, or a Service's SID, a slash, and * or an identity") from None


_Carrier = Annotated[str, AfterValidator(_check_carrier), Field(json_schema_extra={"enum": [*CARRIERS]})]
_Language = Annotated[
    str | None,
    BeforeValidator(none_if_empty),
    AfterValidator(_check_language),
    WithJsonSchema({"type": "string", "enum": [*LANGUAGES]}),
]
_Users = Annotated[tuple[str, ...], AfterValidator(_parse_users)]
_Replies = Annotated[
    dict[str, str],
    BeforeValidator(_parse_replies),
    WithJsonSchema(
        {"type": "string", "contentMediaType": "application/json", "examples": ['{"stop": "You get no more texts."}']}
    ),
]


class LineNumber(Form):
    """The number of a new line."""

    address: PhoneNumber = Field(description="Your number, in E.164 form.", examples=["+12065550100"])


class LineForm(Form):
    """The settings of a line. A parameter that is not given changes nothing."""

    carrier: _Carrier | None = Field(None, description="The carrier that the number is with.")
    auto_creation: Annotated[AutoCreation, choose(AutoCreation)] | None = Field(
        None,
        description="Which texts without a conversation make one: none (`off`, the default), `all`, or those to a "
        "group (`groups`).",
    )
    friendly_name: Clearable[Name] = Field(None, description="A name for people. Empty: none.")
    language: _Language = Field(None, description="The language of the line's keywords and replies (ISO 639-1).")
    answers_keywords: Boolean | None = Field(None, description="Whether STOP, START and HELP are replied to.")
    replies: _Replies | None = Field(
        None,
        description="A JSON object with the line's own replies to `stop`, `start` and `help`, instead of the "
        f"language's; each has at most {MAX_REPLY} characters. It replaces all earlier ones.",
    )
    rate: Annotated[Clearable[Decimal], AfterValidator(_check_rate)] = Field(
        None, description="How many texts the line may send in a second. Empty: no limit."
    )
    sms_price: Clearable[Decimal] = Field(None, description="The price of one segment of an SMS. Empty: none.")
    mms_price: Clearable[Decimal] = Field(None, description="The price of an MMS to one recipient. Empty: none.")
    users: _Users | None = Field(
        None,
        description="Who may use the line besides the account; may be repeated. An identity of the default Service, "
        "`IS.../identity` of another, `IS.../*` for everyone of a Service, `*` for everyone. Empty, and for a new line "
        "the default: no user. It replaces all earlier ones.",
    )
    label: Clearable[Name] = Field(None, description="The name of the line among its users. Empty: none.")


class NewLineForm(LineForm, LineNumber):
    """A new line."""

    # The number is checked before it: pydantic takes the fields of the last base first.
    carrier: _Carrier = Field(description="The carrier that the number is with.")


class LineQuery(Form):
    """Which lines a list shows."""

    view: Annotated[LineView, choose(LineView)] = Field(
        LineView.USABLE,
        description="The lines that one may use, or, with `manageLines`, all that one manages. The account gets every "
        "line.",
    )


class LineBody(ResponseModel):
    """One of your own numbers."""

    sid: str
    account_sid: str
    address: str = Field(description="The number, in E.164 form.")
    carrier: str
    auto_creation: AutoCreation
    friendly_name: str | None
    language: str
    replies: dict[str, str]
    answers_keywords: bool
    rate: str | None = Field(description="Texts a second, a decimal number.")
    sms_price: str | None = Field(
        description="Null also for users that neither see every conversation nor manage lines."
    )
    mms_price: str | None = Field(
        description="Null also for users that neither see every conversation nor manage lines."
    )
    users: tuple[str, ...] | None = Field(
        description="Who may use the line besides the account; `*` is everyone. Users see those of their Service, and "
        "null if they do not manage lines."
    )
    label: str | None
    group_messaging: bool = Field(description="Whether the line can send group texts.")
    group_messaging_problem: str | None = Field(description="Why it cannot.")
    max_group_recipients: int | None = Field(description="How many others a group from it has at most.")
    max_files: int = Field(description="How many files a text has at most.")
    max_group_files: int = Field(description="How many files a group text has at most.")
    max_files_bytes: int = Field(
        description="How many bytes the files of a text have together at most. Large images are scaled down to fit."
    )
    date_created: Timestamp
    date_updated: Timestamp
    url: str


@route.post("Lines", docs=Operation(form=NewLineForm, answers={201: LineBody}, refusals=(20001, 20409)))
def create(call: Call) -> ApiResponse:
    """Register a line."""
    form = NewLineForm.parse(call.request.form, default_service_sid=_default_service(call))
    _check_services(call, form)
    settings = {"users": (), **form.changes()}
    line = Line(sid=sids.new(sids.LINE), created=call.now, updated=call.now, **settings)
    store.register(call.table, line)
    return ApiResponse(201, _build_body(call, line))


@route.get("Lines/{line}", users=True, docs=Operation(answers={200: LineBody}))
@service_route.get("Lines/{line}", users=True)
def fetch(call: Call) -> ApiResponse:
    """Fetch a line by its number.

    A user fetches lines that they may use, or manage.
    """
    return ApiResponse(200, _build_body(call, _find_line(call)))


@route.get("Lines", users=True, docs=Operation(query=LineQuery, list_of=("lines", LineBody), refusals=(20001, 50107)))
@service_route.get("Lines", users=True)
def list_page(call: Call) -> ApiResponse:
    """List the lines, by number.

    A user gets those that they may use, or manage. A page may then have fewer entries than its size though the list
    goes on.
    """
    view = LineQuery.parse(call.request.query).view
    if view is LineView.ALL:
        line_management.require_line_management(call)

    def read(window: Window) -> pagination.PagePart:
        page = queries.lines(call.table, window) if call.user is None else _read_visible(call, window, view)
        return pagination.to_page_part(page, lambda line: _build_body(call, line))

    return pagination.build_list_response(call, "lines", read)


def _read_visible(call: Call, window: Window, view: LineView) -> ListPage[Line]:
    """Read the part of the list of lines that a window shows of those that the calling user may use, or manages."""
    is_visible = line_management.can_manage if view is LineView.ALL else authorization.can_use_line

    def read_fitting(part: Window) -> ListPage[Line]:
        page = queries.lines(call.table, part)
        return replace(page, entries=[(number, line) for number, line in page.entries if is_visible(call, line)])

    return filtered_lists.collect(window, read_fitting)


@route.post("Lines/{line}", users=True, docs=Operation(form=LineForm, answers={200: LineBody}, refusals=(20001, 50107)))
def update(call: Call) -> ApiResponse:
    """Change what the form names of a line.

    A user who manages lines sets neither `Carrier` nor `Rate`, and users of their own Service only.
    """
    line_management.require_line_management(call)
    authorization.deny_users(call, call.request.form, "Carrier", "Rate")
    before = _find_line(call)
    if not line_management.can_manage(call, before):
        raise refusals.account_only()
    form = LineForm.parse(call.request.form, default_service_sid=_default_service(call))
    changes = form.changes()
    if form.users is not None:
        # First: which Services there are is not for users.
        changes["users"] = line_management.merge_users(call, before, form.users)
    _check_services(call, form)
    after = replace(before, **changes, updated=call.now)
    # The users of other Services are those that were read.
    if not store.update(call.table, before, after, keep_users=call.user is not None and "users" in changes):
        raise lookups.not_found(call)
    return ApiResponse(200, _build_body(call, after))


@route.delete("Lines/{line}", docs=Operation(answers={204: None}))
def delete(call: Call) -> ApiResponse:
    """Delete a line, with its address configuration.

    Texts to it are stored among the unrouted, and nothing is sent from it any more.
    """
    store.remove(call.table, _find_line(call).address)
    return ApiResponse(204)


def _default_service(call: Call) -> str:
    return call.scope.configuration.default_service_sid


def _check_services(call: Call, form: LineForm) -> None:
    """Refuse users of a Service that does not exist. Raises ApiError 20001."""
    named = {user.partition("/")[0] for user in form.users or ()} - {EVERYONE, _default_service(call)}
    for sid in sorted(named):
        if services.fetch(call.table, sid) is None:
            raise refusals.invalid_parameter("Users", f"there is no Service {sid}")


def _find_line(call: Call) -> Line:
    """Find the line that the path names.

    Raises ApiError 20404, also for a line that the calling user neither may use nor manages.
    """
    line = lookups.find_line(call)
    if not (authorization.can_use_line(call, line) or line_management.can_manage(call, line)):
        raise lookups.not_found(call)
    return line


def _build_body(call: Call, line: Line) -> dict[str, Any]:
    """Build a line as the caller may see it.

    Who does not manage it does not see its users, and sees prices only with all conversations.
    """
    is_manager = line_management.can_manage(call, line)
    users = tuple(format_user(user, _default_service(call)) for user in line_management.shown_users(call, line))
    has_prices, problem = is_manager or authorization.can_see_prices(call), find_sender_problem(line.address)
    limits = LIMITS[line.carrier]
    return LineBody(
        sid=line.sid,
        account_sid=call.context.account_sid,
        address=line.address,
        carrier=line.carrier,
        auto_creation=line.auto_creation,
        friendly_name=line.friendly_name,
        language=line.language,
        replies=line.replies,
        answers_keywords=line.answers_keywords,
        rate=line.rate,
        sms_price=line.sms_price if has_prices else None,
        mms_price=line.mms_price if has_prices else None,
        users=users if is_manager else None,
        label=line.label,
        group_messaging=problem is None,
        group_messaging_problem=problem,
        max_group_recipients=None if problem else min(MOST_IN_GROUP[line.carrier], call.context.group_limit - 1),
        max_files=limits.media,
        max_group_files=limits.group_media,
        max_files_bytes=limits.media_bytes,
        date_created=line.created,
        date_updated=line.updated,
        url=call.url("Lines", line.address),
    ).to_json()

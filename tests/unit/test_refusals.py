"""The texts of refusals that client programs may parse: Twilio's own, exact to the byte."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from partyline import refusals
from partyline.domain import addresses
from partyline.errors import ApiError, RuleViolation
from partyline.refusals import violations

OWNER = "CH" + "0" * 32


# Twilio's error dictionary. A final full stop that it has is left out, as the live service leaves it out.
DICTIONARY = {
    20004: "Method not allowed",
    21610: "Attempt to send to unsubscribed recipient",
    21623: "Number of media files exceeds allowed limit",
    21653: "There are more recipient addresses than allowed",
    50000: "FriendlyName not provided",
    50003: "Friendly name too long",
    50050: "Service Instance not found",
    50055: "Invalid webhook method",
    50056: "Webhook disabled processing of command",
    50077: "Invalid pre-webhook url",
    50078: "Invalid post-webhook url",
    50100: "Role not found",
    50102: "Deployment role not found",
    50104: "Permission not found",
    50105: "Invalid role type",
    50106: "Channel creator role not found",
    50107: "User not authorized for command",
    50109: "Conversation role not found",
    50201: "User already exists",
    50203: "Identity reserved",
    50204: "Identity not provided",
    50206: "Identity should not match user SID pattern",
    50207: "Identity too long",
    50210: "Invalid notification level",
    50211: "Identity parameter not acceptable for this Participant",
    50303: "Attributes too long",
    50304: "Attributes not valid JSON",
    50308: "Invalid Date Created parameter",
    50309: "Invalid Date Updated parameter",
    50310: "Author parameter is too long",
    50341: "Invalid messaging service SID",
    50347: "Parameters are missing for channel update request",
    50349: "Conflicting channel modification",
    50353: "Conversation with provided unique name already exists",
    50361: "Too many conversation webhooks",
    50362: "Too many conversation webhook triggers",
    50364: "Invalid conversation webhook type",
    50365: "Invalid conversation webhook filter",
    50366: "Invalid conversation webhook trigger",
    50367: "Invalid conversation webhook flow SID",
    50368: "Conversation webhook type not provided",
    50369: "Conversation webhook URL not provided",
    50370: "Conversation webhook filter not provided",
    50371: "Conversation webhook trigger not provided",
    50372: "Conversation webhook URL is too long",
    50374: "'State' field can't be empty",
    50377: "Can't update conversation as it's in final closed state",
    50378: "'State' parameter value is invalid",
    50384: "Initial state can't be 'closed",
    50386: "Conversation in 'initializing' state may not be updated or used for message sending",
    50390: "Unique name should not match conversation sid pattern",
    50396: "EndDate parameter should be greater than StartDate parameter",
    50407: "Invalid messaging binding address",
    50409: "Participant address equals proxy address",
    50411: "Participant address is empty",
    50412: "Participant proxy address is empty",
    50413: "Account is not authorized to use proxy address",
    50417: "Participants limit exceeded",
    50418: "Non-Chat participants limit exceeded",
    50419: "Conflicting member modification",
    50420: "Messaging Binding type does not support the provided parameters",
    50421: "Invalid last read message index format",
    50424: "One of the JSON requests for participant creation is invalid",
    50425: "Participant and proxy address pairs for one or more participants already in use",
    50426: "Request contains too many participants",
    50432: "Participant not found",
    50433: "Participant already exists",
    50434: "Participant projected address not provided",
    50435: "Group MMS activation failed",
    50436: "Participant limit exceeded for group conversation",
    50437: "Group Participant already exists",
    50439: "Account is not authorized to use the projected address",
    50440: "Failed to remove the proxy address of a participant",
    50441: "Failed to add a proxy address to a participant",
    50442: "Failed to remove the projected address of a participant",
    50443: "Failed to add a projected address to a participant",
    50444: "Failed to add an identity to a participant",
    50451: "Only one identifier allowed for lookup: use either Identity or Address",
    50500: "Message not found",
    50503: "Message body not provided",
    50504: "Message body parameter is too long",
    50507: "Media not found",
    50508: "Media already sent with another message",
    50510: "Invalid message media SID",
    50511: "Invalid message media content type",
    50512: "Message media size is too large",
    50513: "Message author should be among Group MMS participants",
    50526: "Invalid content SID",
}
# What the live service says instead, or what depends on the parameter.
LIVE = {
    50416: f"A binding for this participant and proxy address already exists in Conversation {OWNER}",
    50438: f"Group MMS with given participant list already exists as Conversation {OWNER}",
}
TIMERS = {
    50375: "TimeToInactive should be greater or equal to 1 minute",
    50376: "TimeToClosed should be greater or equal to 10 minutes",
    50379: "TimeToInactive format is invalid",
    50380: "TimeToClosed format is invalid",
}
ARGUMENTS: dict[str, object] = {
    "owner": OWNER,
    "thread": "+12065550100,+12065550150",
    "name": "Timers.Inactive",
    "minimum": 60,
}
BY_TYPE: dict[str, object] = {
    "str": "x",
    "str | None": "x",
    "int": 1,
    "bool": True,
    "Sequence[str]": ["x"],
}


def made(function: Callable[..., ApiError], **more: object) -> ApiError:
    """A refusal with whatever arguments it takes."""
    given = {
        name: ARGUMENTS.get(name, BY_TYPE[str(parameter.annotation)])
        for name, parameter in inspect.signature(function).parameters.items()
    }
    return function(**{**given, **more})


REFUSALS = [
    function for name, function in vars(refusals).items() if inspect.isfunction(function) and not name.startswith("_")
]


@pytest.mark.parametrize("function", REFUSALS)
def test_the_text_of_every_code_is_the_dictionarys(function: Callable[..., ApiError]) -> None:
    """U10."""
    refused = made(function)
    if refused.code >= 21_000:
        assert refused.message == {**DICTIONARY, **LIVE, **TIMERS}[refused.code]
    elif refused.code in DICTIONARY:
        assert refused.message == DICTIONARY[refused.code]


@pytest.mark.parametrize(
    ("name", "short", "unreadable"), [("Timers.Inactive", 50375, 50379), ("DefaultClosedTimer", 50376, 50380)]
)
def test_the_texts_of_timers_are_the_dictionarys(name: str, short: int, unreadable: int) -> None:
    minimum = 60 if short == 50375 else 600
    for refused in (refusals.timer_too_short(name, minimum), refusals.timer_invalid(name)):
        assert refused.code in (short, unreadable)
        assert refused.message == TIMERS[refused.code]


FOREIGN = ["whatsapp:+12065550150", "AMAZON", "alice@example.com", "1100000119090", "a,b%2C"]


@pytest.mark.parametrize("given", FOREIGN)
@pytest.mark.parametrize("function", [one for one in REFUSALS if "address" in inspect.signature(one).parameters])
def test_an_address_in_a_refusal_is_as_it_was_written(function: Callable[..., ApiError], given: str) -> None:
    """U8: never in the form of our keys."""
    address = addresses.canonicalize(given)
    details = made(function, address=address).details or {}
    shown = [value for name, value in details.items() if name.endswith("address")]
    assert shown == [given]


@pytest.mark.parametrize(
    ("refused", "code", "status", "message"),
    [
        (refusals.unauthenticated(), 20003, 401, "Authenticate"),
        (refusals.not_found("/Conversations/x"), 20404, 404, "The requested resource /Conversations/x was not found"),
        (refusals.identity_not_acceptable(), 50211, 400, "Identity parameter not acceptable for this Participant"),
        (refusals.address_invalid("x", "why"), 50407, 400, "Invalid messaging binding address"),
        (refusals.address_is_proxy("x"), 50409, 400, "Participant address equals proxy address"),
        (refusals.address_empty(), 50411, 400, "Participant address is empty"),
        (refusals.proxy_not_ours("x"), 50413, 400, "Account is not authorized to use proxy address"),
        (
            refusals.pair_taken(OWNER),
            50416,
            409,
            f"A binding for this participant and proxy address already exists in Conversation {OWNER}",
        ),
        (refusals.participants_over_limit(1), 50417, 400, "Participants limit exceeded"),
        (refusals.bound_over_limit(1), 50418, 400, "Non-Chat participants limit exceeded"),
        (
            refusals.participant_json_invalid(1, "why"),
            50424,
            400,
            "One of the JSON requests for participant creation is invalid",
        ),
        (refusals.too_many_participants(1), 50426, 400, "Request contains too many participants"),
        (refusals.participant_exists("x"), 50433, 409, "Participant already exists"),
        (refusals.projected_missing("x"), 50434, 400, "Participant projected address not provided"),
        (refusals.group_invalid("why"), 50435, 400, "Group MMS activation failed"),
        (refusals.group_over_limit(1), 50436, 400, "Participant limit exceeded for group conversation"),
        (refusals.group_participant_exists("x"), 50437, 409, "Group Participant already exists"),
        (
            refusals.group_taken(OWNER),
            50438,
            409,
            f"Group MMS with given participant list already exists as Conversation {OWNER}",
        ),
        (refusals.projected_not_ours("x"), 50439, 400, "Account is not authorized to use the projected address"),
        (refusals.proxy_not_removed(), 50440, 400, "Failed to remove the proxy address of a participant"),
        (refusals.proxy_not_added(), 50441, 400, "Failed to add a proxy address to a participant"),
        (refusals.projected_not_removed("why"), 50442, 400, "Failed to remove the projected address of a participant"),
        (refusals.projected_not_added(), 50443, 400, "Failed to add a projected address to a participant"),
        (refusals.identity_not_added(), 50444, 400, "Failed to add an identity to a participant"),
        (refusals.author_not_in_group("x"), 50513, 400, "Message author should be among Group MMS participants"),
    ],
)
def test_the_text_of_a_refusal_is_twilios(refused: ApiError, code: int, status: int, message: str) -> None:
    assert (refused.code, refused.status, refused.message) == (code, status, message)


def _violations() -> Iterator[ast.Call]:
    """Yield every place in the layer that builds a RuleViolation."""
    for path in Path(inspect.getfile(refusals)).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "RuleViolation":
                yield node


def test_every_rule_that_is_raised_has_a_refusal_for_its_details() -> None:
    raised = set()
    for node in _violations():
        (rule,) = (given.value for given in node.args if isinstance(given, ast.Constant))
        details = {given.arg for given in node.keywords}
        parameters = inspect.signature(getattr(refusals, str(rule))).parameters
        assert details <= parameters.keys(), rule
        assert {name for name, one in parameters.items() if one.default is inspect.Parameter.empty} <= details, rule
        raised.add(rule)
    assert raised == violations._REFUSALS.keys()


def test_a_violation_becomes_the_refusal_of_its_name() -> None:
    with pytest.raises(ApiError) as refused, violations.as_refusals():
        raise RuleViolation("thread_taken", thread="+12065550100|+12065550150", owner=OWNER)
    assert (refused.value.code, refused.value.details) == (50416, {"conversation_sid": OWNER})
    with pytest.raises(KeyError):
        violations.to_refusal(RuleViolation("no_such_rule"))

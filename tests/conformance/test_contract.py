"""Every operation of the contract: what it answers, takes and refuses, and that a refusal changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.conformance import forms
from tests.conformance.client import Pairs
from tests.conformance.conftest import Held
from tests.conformance.contract import METHODS, OPERATIONS, Operation, Resource, Value, problems, root_of
from tests.conformance.world import World
from tests.support.api_harness import Reply

_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
# No API takes a parameter away that it does not know.
_UNKNOWN = ("Surprise", "1")
# What links answer where it is not a resource: a path that only takes POST.
_LINKS = {"conversation_with_participants": 405}
# Where an entry shows what a filter asks for.
_FILTERED = {"BindingType": "binding_type", "State": "state"}
# What a list's test makes, and the size of its pages.
_MANY, _SIZE = 5, 2
# These distinguish two conversations of one identity.
_NAMES_OF_ONE = {"Users/Conversations": "conversation_sid", "ParticipantConversations": "participant_sid"}


def every(*methods: str, where: Callable[[Operation], object] = lambda _: True) -> pytest.MarkDecorator:
    """Parametrize by the operations with these methods of which something else holds too."""
    chosen = [one for one in OPERATIONS.values() if one.method in methods and where(one)]
    return pytest.mark.parametrize("operation", chosen, ids=lambda operation: operation.id)


def is_list(operation: Operation) -> bool:
    return operation.key is not None


def names_one(operation: Operation) -> bool:
    return operation.names_one


def filters(operation: Operation) -> list[Value]:
    """The enumerations by which a list is filtered."""
    return [value for value in operation.given("query") if value.enum and value.name in _FILTERED]


def is_ordered(operation: Operation) -> bool:
    """Whether the order of a list can be chosen."""
    return any(value.name == "Order" for value in operation.given("query"))


def required(operation: Operation) -> list[str]:
    """The parameters without which it is refused."""
    return [value.name for value in operation.given("form") if value.required]


def inside_service(operation: Operation) -> bool:
    """Whether its path names something in the Service that it names."""
    return operation.in_service and len(operation.given("path")) > 1


def resource_of(operation: Operation) -> Resource:
    assert operation.resource
    return operation.resource


def checked(world: World, operation: Operation, body: Mapping[str, Any], held: Held) -> None:
    """The body of an answer is as the contract says, and its URLs lead somewhere."""
    resource = resource_of(operation)
    assert list(problems(resource, body, world.client.base)) == []
    held("fields", len(resource.fields))
    for name, url in (body.get("links") or {}).items():
        reply = world.client.follow(url + _needed(name))
        assert reply.status == _LINKS.get(name, 200), (name, reply.body)
        held("links")


def _needed(link: str) -> str:
    return "?Identity=agent" if link == "participant_conversations" else ""


def hidden(operation: Operation, body: Mapping[str, Any], form: Pairs) -> list[str]:
    """The parameters of a form that an answer should show as they were given, and does not."""
    wrong = []
    for name in filter(lambda name: forms.is_shown(operation.kind, name), dict(form)):
        given = [value.casefold() for key, value in form if key == name]
        found = _found(body, name)
        seen = found if isinstance(found, list) else [found]
        if [str(value).casefold() for value in seen] != given:
            wrong.append(f"{name}: {given} is {found!r}")
    return wrong


def _found(body: Any, name: str) -> Any:
    """Where an answer shows a parameter: AutoCreation.WebhookUrl is auto_creation.webhook_url."""
    for part in name.split("."):
        key = re.sub(r"(?<=.)(?=[A-Z])", "_", part).lower()
        key = "permissions" if key == "permission" else key
        body = body.get(key) if isinstance(body, dict) else None
    return body


def refusal(reply: Reply) -> tuple[int, int | None]:
    """Status and code; without a code what was no refusal."""
    return reply.error[:2] if reply.status >= 400 else (reply.status, None)


def unchanging(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body without what goes on by itself: how far a message has got, and when something is due."""
    return {name: value for name, value in body.items() if name not in ("delivery", "timers", "date_updated", "meta")}


def is_read(world: World, made: Reply) -> bool:
    """Whether what an answer showed is what its URL answers."""
    again = world.client.follow(made.body["url"])
    # What is accepted only becomes active a moment later, and has more links then.
    moving = {"state": None, "links": None} if made.status == 202 else {}
    return again.status == 200 and unchanging({**again.body, **moving}) == unchanging({**made.body, **moving})


def test_the_contract_is_whole() -> None:
    assert (len(OPERATIONS), len(METHODS)) == (103, 49)


# --- what it answers


@every("GET", where=lambda one: not is_list(one))
def test_a_fetch_answers_the_resource(operation: Operation, world: World, held: Held) -> None:
    path = world.place(operation)
    reply = world.client.get(path, [_UNKNOWN])
    assert reply.status in operation.success, reply.body
    checked(world, operation, reply.body, held)
    assert world.client.path_of(reply.body["url"]) == path
    held("answers")


@every("POST", where=lambda one: not names_one(one))
def test_a_creation_or_setting_takes_all_its_parameters_and_shows_them(
    operation: Operation, world: World, held: Held
) -> None:
    for where, form in right(operation, world):
        reply = world.client.post(where, [*form, _UNKNOWN])
        assert reply.status in operation.success, reply.body
        checked(world, operation, reply.body, held)
        assert hidden(operation, reply.body, form) == []
        assert is_read(world, reply)
        held("answers")


@every("POST", where=names_one)
def test_an_update_takes_all_its_parameters_shows_them_and_keeps_the_rest(
    operation: Operation, world: World, held: Held
) -> None:
    for where, form in right(operation, world):
        reply = world.client.post(where, [*form, _UNKNOWN])
        assert reply.status in operation.success, reply.body
        checked(world, operation, reply.body, held)
        assert hidden(operation, reply.body, form) == []
        assert unchanging(world.client.get(where).body) == unchanging(reply.body)
        held("answers")
        for name in dict(form):
            if name not in forms.NOT_TWICE:
                alone = world.client.post(where, [pair for pair in form if pair[0] == name])
                assert alone.status in operation.success, (name, alone.body)
                assert unchanging(alone.body) == unchanging(reply.body), name
                held("alone")


@every("POST", where=lambda one: any(value.enum for value in one.given("form")))
def test_an_enumeration_is_taken_in_any_case(operation: Operation, world: World, held: Held) -> None:
    enumerated = {value.name for value in operation.given("form") if value.enum}
    for path, form in right(operation, world):
        if enumerated & {name for name, _ in form}:
            changed = [(name, text.swapcase() if name in enumerated else text) for name, text in form]
            reply = world.client.post(path, changed)
            assert reply.status in operation.success, reply.body
            assert hidden(operation, reply.body, changed) == []
            held("other cases")


@every("GET", where=filters)
def test_a_filter_takes_every_value_of_its_enumeration_and_answers_what_fits(
    operation: Operation, world: World, held: Held
) -> None:
    where = world.collection(operation.kind, world.root(operation))
    for value in filters(operation):
        made = {text: world.fitting(operation.kind, where, text) for text in value.enum}
        for text in value.enum:
            for given in (text, text.swapcase()):
                entries = _entries(operation, world, where, [(value.name, given)])
                assert {entry[_FILTERED[value.name]] for entry in entries} <= {text}
                assert made[text] in (None, *(world.client.path_of(entry["url"]) for entry in entries))
                held("filters")


@every("GET", where=is_ordered)
def test_an_order_is_that_of_the_entries(operation: Operation, world: World, held: Held) -> None:
    where = world.collection(operation.kind, world.root(operation))
    for _ in range(_SIZE):
        world.add(operation.kind, where)
    for given, step in (("asc", 1), ("ASC", 1), ("desc", -1), ("DESC", -1)):
        indexes = [entry["index"] for entry in _entries(operation, world, where, [("Order", given)])]
        assert indexes == list(range(_SIZE + 1))[::step]
        held("orders")


@every("POST")
def test_every_parameter_is_tried(operation: Operation, world: World, held: Held) -> None:
    tried = {name for _, form in right(operation, world) for name, _ in form}
    known = {value.name for value in operation.given("form")}
    assert known - tried == set(forms.refused_on_purpose(operation)) - tried
    held("parameters", len(known))


@every("DELETE")
def test_a_deletion_answers_nothing_and_then_there_is_nothing(operation: Operation, world: World, held: Held) -> None:
    path = world.place(operation)
    assert world.client.get(path).status == 200
    reply = world.client.delete(path)
    assert (reply.status, reply.body) == (204, None)
    assert refusal(world.client.delete(path)) == (404, 20404)
    assert refusal(world.client.get(path)) == (404, 20404)
    held("answers")


# --- lists


@every("GET", where=is_list)
def test_a_list_has_everything_once_in_pages_there_and_back(operation: Operation, world: World, held: Held) -> None:
    where = world.collection(operation.kind, world.root(operation))
    if operation.kind == "Conversations/Messages/Receipts":
        made = {world.client.path_of(one["url"]).rpartition("/")[2] for one in _entries(operation, world, where)}
        assert len(made) == _MANY
    else:
        made = {world.add(operation.kind, where).rpartition("/")[2] for _ in range(_MANY)}
    first = world.client.get(where, [*world.query(operation.kind), ("PageSize", str(_SIZE)), _UNKNOWN])
    pages = [first]
    while pages[-1].body["meta"]["next_page_url"]:
        pages.append(world.client.follow(pages[-1].body["meta"]["next_page_url"]))
    assert len(pages) > 1
    for page in pages:
        assert page.status in operation.success, page.body
        assert set(page.body) == {operation.key, "meta"}
        assert page.body["meta"]["key"] == operation.key
        assert page.body["meta"]["page_size"] == _SIZE
        assert world.client.follow(page.body["meta"]["url"]).body == page.body
        for entry in page.body[str(operation.key)]:
            checked(world, operation, entry, held)
    names = [name for page in pages for name in _names(operation, page)]
    assert len(names) == len(set(names))
    assert made <= set(names)
    back = pages[-1]
    for page in reversed(pages[:-1]):
        back = world.client.follow(back.body["meta"]["previous_page_url"])
        assert _names(operation, back) == _names(operation, page)
    assert back.body["meta"]["previous_page_url"] is None
    assert _names(operation, world.client.follow(pages[-1].body["meta"]["first_page_url"])) == _names(operation, first)
    held("pages", len(pages))


def _entries(operation: Operation, world: World, where: str, query: Pairs | None = None) -> list[dict[str, Any]]:
    reply = world.client.get(where, query)
    assert reply.status == 200, reply.body
    entries: list[dict[str, Any]] = reply.body[operation.key]
    return entries


def _names(operation: Operation, page: Reply) -> list[str]:
    name = _NAMES_OF_ONE.get(operation.kind, "sid")
    return [entry[name] for entry in page.body[str(operation.key)]]


@every("GET", where=is_list)
def test_a_page_beyond_the_largest_is_the_largest(operation: Operation, world: World, held: Held) -> None:
    where = world.collection(operation.kind, world.root(operation))
    query = world.query(operation.kind)
    for size in (operation.maximum, operation.maximum + 1, 1000):
        meta = world.client.get(where, [*query, ("PageSize", str(size))]).body["meta"]
        assert meta["page_size"] == operation.maximum
    assert world.client.get(where, query).body["meta"]["page_size"] == min(operation.maximum, 50)
    held("page sizes", 4)


# --- what it refuses


@every("GET", "POST", where=lambda one: any(forms.wrong(one, value) for value in one.given("query", "form")))
def test_a_wrong_parameter_is_refused_and_nothing_changes(operation: Operation, world: World, held: Held) -> None:
    for path, form in right(operation, world):
        before = _state(operation, world, path)
        for value in operation.given("query", "form"):
            if value.place == "form" and value.name not in dict(form):
                continue
            for text, code in forms.wrong(operation, value):
                reply = _with(operation, world, path, form, value, text)
                assert refusal(reply) == (400, code), (value.name, text[:40])
                held("wrong values")
        assert _state(operation, world, path) == before


def right(operation: Operation, world: World) -> list[tuple[str, Pairs]]:
    """Paths that the operation can be called at, each with right parameters."""
    if operation.method != "POST":
        return [(world.place(operation), world.query(operation.kind))]
    root = world.root(operation)
    is_creation = 200 not in operation.success
    variants = forms.creations(world, operation.kind, root) if is_creation else forms.updates(world, operation, root)
    places = {variant: world.collection(operation.kind, root) for variant in variants}
    if operation.names_one:
        places = {variant: world.add(operation.kind, where, variant) for variant, where in places.items()}
    return [(places[variant], form) for variant, form in variants.items()]


def _with(operation: Operation, world: World, path: str, form: Pairs, value: Value, text: str) -> Reply:
    """The operation with one parameter changed."""
    changed = [*(pair for pair in form if pair[0] != value.name), (value.name, text)]
    return world.client.get(path, changed) if operation.method == "GET" else world.client.post(path, changed)


def _state(operation: Operation, world: World, path: str) -> list[dict[str, Any]]:
    """All that a call could have changed there; how far a message has got changes by itself."""
    if operation.kind == "ConversationWithParticipants":
        path = f"{root_of(path)}/Conversations"
    reply = world.client.get(path, world.query(operation.kind))
    assert reply.status == 200
    shown = reply.body[reply.body["meta"]["key"]] if "meta" in reply.body else [reply.body]
    return [{name: value for name, value in one.items() if name != "delivery"} for one in shown]


@every("POST", where=forms.refused_on_purpose)
def test_what_is_not_here_is_refused_on_purpose(operation: Operation, world: World, held: Held) -> None:
    refused = forms.refused_on_purpose(operation)
    path, form = right(operation, world)[0]
    before = _state(operation, world, path)
    for value in operation.given("form"):
        texts, code = refused.get(value.name, ((), 0))
        for text in texts:
            assert refusal(_with(operation, world, path, form, value, text)) == (400, code), (value.name, text)
            held("refused on purpose")
    assert _state(operation, world, path) == before


@every("POST", where=required)
def test_a_required_parameter_that_is_missing_is_refused(operation: Operation, world: World, held: Held) -> None:
    for path, form in right(operation, world):
        before = _state(operation, world, path)
        for value in operation.given("form"):
            if value.required:
                reply = world.client.post(path, [pair for pair in form if pair[0] != value.name])
                assert refusal(reply) == (400, forms.missing(operation, value)), value.name
                held("missing values")
        assert _state(operation, world, path) == before


@every("GET", "POST", "DELETE", where=lambda one: one.given("path"))
def test_what_a_path_names_and_is_not_there_is_not_found(operation: Operation, world: World, held: Held) -> None:
    path = world.place(operation)
    for found in _SID.finditer(path):
        for name in (f"{found[0][:2]}{'0' * 32}", "nobody", f"ZZ{'0' * 32}", "%F0%9F%91%8D", "x" * 3000):
            reply = _call(operation, world, path[: found.start()] + name + path[found.end() :])
            assert refusal(reply) == (404, 20404), name
            held("unknown names")


@every("GET", "POST", "DELETE", where=inside_service)
def test_what_another_service_has_is_not_found(operation: Operation, world: World, held: Held) -> None:
    path = world.place(operation)
    for root in ("/v1", world.service()):
        reply = _call(operation, world, root + path.removeprefix(root_of(path)))
        assert refusal(reply) == (404, 20404)
        held("other Services")


def _call(operation: Operation, world: World, path: str) -> Reply:
    """The operation with nothing given that could be refused."""
    form = [("FriendlyName", "x")] if operation.method == "POST" else []
    return world.client.call(operation.method, path, [], form)


@pytest.mark.parametrize("path", METHODS)
def test_other_methods_are_not_allowed(path: str, world: World) -> None:
    operation = next(one for one in OPERATIONS.values() if one.path == path)
    where = world.place(operation)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(METHODS[path]):
        # Twilio's own clients register push bindings by themselves; here that is a request.
        if (operation.kind, method) != ("Bindings", "POST"):
            assert refusal(world.client.call(method, where, [], [])) == (405, 20004), method


@pytest.mark.parametrize(
    "path",
    [
        "/v2/Conversations",
        "/v2",
        "/v1/Nothing/at/all",
        "/v1/Nothing",
        "/v1/Conversations/a/b/c",
        "/v1/Services/IS1/Nothing",
    ],
)
def test_other_paths_are_not_found(path: str, world: World) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert refusal(world.client.call(method, path, [], [])) == (404, 20404)

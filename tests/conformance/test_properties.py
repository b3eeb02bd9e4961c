"""Whatever is sent to an operation: no failure of ours, refusals in Twilio's form that change nothing, and what was
accepted can be read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from partyline.domain import identities
from partyline.storage import keys
from tests.conformance import client as clients
from tests.conformance.client import Pairs
from tests.conformance.contract import OPERATIONS, Operation
from tests.conformance.test_contract import is_read, right
from tests.conformance.world import World
from tests.support.api_harness import Api, Reply, basic, proxy_event
from tests.support.aws_requests import AwsRequest, Send, intercepted

# The same examples in every run. Examples of one operation follow each other on one table, so none is shrunk.
_bounded = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

_HEX = "0123456789abcdef" * 2
_ODD = (
    *("", " ", "null", "true", "0", "-1", "9" * 30, "1e9", "NaN", "{}", "[]", '{"a": {"b": [null]}}', '"\\ud800"', "{"),
    *(
        "\0",
        "a\0b",
        "👍🏽",
        "שלום",
        "\u202etxet",
        "\ud800",
        "a,b",
        "a#b",
        "a/b",
        "..",
        "%2F",
        "+",
        "é" * 300,
        "x" * 70_000,
    ),
    *("+12065550150", "12065550150", "+442071838750", "911", "a@example.com", "system", "2026-02-30", "PT99999999999H"),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2015-12-16T22:18:37.123456789Z",
        "http://[::1",
        "javascript:1",
    ),
    *(
        f"{kind}{_HEX}"
        for kind in ("CH", "MB", "IM", "DY", "IS", "RL", "US", "WH", "IG", "CR", "BS", "MG", "FW", "ME", "HX")
    ),
)
# Bytes of DynamoDB's keys, by the names of attributes and of what queries compare them with.
_LONGEST = {
    **dict.fromkeys(("PK", "GSI1PK", "GSI2PK", ":pk"), 2048),
    **dict.fromkeys(("SK", "GSI1SK", "GSI2SK", ":low", ":high", ":begins"), 1024),
}
# The longest in characters is longer in bytes, and what is invisible is not what it seems.
_WORST = ("x" * 70_000, "é" * 600, "🦆" * 256, "a\0b", "a\u202eb", "\ud800", "")
_MEMBERS = {"code", "message", "more_info", "status", "details"}
odd_texts = st.one_of(st.sampled_from(_ODD), st.text(st.characters(), max_size=40))


@st.composite
def forms_like(draw: st.DrawFn, pairs: Pairs, names: list[str]) -> Pairs:
    """Right parameters, of which up to two are missing, odd or repeated, and perhaps one more beside them."""
    disturbed = draw(st.sets(st.integers(0, len(pairs) - 1), max_size=2)) if pairs else set()
    given: Pairs = []
    for position, (name, text) in enumerate(pairs):
        fate = draw(st.sampled_from(("missing", "odd", "repeated"))) if position in disturbed else "right"
        given += [(name, text)] if fate in ("right", "repeated") else []
        given += [(name, draw(odd_texts))] if fate in ("odd", "repeated") else []
    return given + draw(st.lists(st.tuples(st.sampled_from(names or ["Surprise"]), odd_texts), max_size=1))


@st.composite
def paths_like(draw: st.DrawFn, path: str) -> str:
    """The path itself, or with an odd segment."""
    if draw(st.booleans()) or draw(st.booleans()):
        return path
    segments = path.split("/")
    position = draw(st.integers(2, len(segments) - 1))
    segments[position] = quote(draw(odd_texts), safe="", errors="surrogatepass")
    return "/".join(segments)


def items() -> dict[tuple[str, str], Any]:
    """All that is stored, by its keys; from the emulator's memory, where no stored item is ever changed in place."""
    partitions = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables["partyline"].items
    return {(pk.value, sk.value): item for pk, by_sk in partitions.items() for sk, item in by_sk.items()}


def check_identities() -> None:
    """Fail on an identity that can be stored and not be heard of: live connections have keys of their own."""
    for item in items().values():
        if "identity" in item.attrs:
            identity = item.attrs["identity"].value
            for key in (keys.listener(f"IS{_HEX}", identity), keys.supervisor(f"IS{_HEX}", identity)):
                assert len(key.sk.encode()) <= _LONGEST["SK"], identity[:80]
            assert identities.is_visible(identity), identity[:80]


def check_keys(params: Any, **_: Any) -> None:
    """Fail a request to the table with a key that DynamoDB refuses, which the emulator mostly takes."""
    if isinstance(params, dict):
        for name, value in params.items():
            if name in _LONGEST and isinstance(value, dict):
                assert 0 < len(str(value["S"]).encode()) <= _LONGEST[name]
            check_keys(value)
    elif isinstance(params, list):
        for value in params:
            check_keys(value)


def send(api: Api, method: str, path: str, pairs: Pairs) -> Reply:
    headers = {"Authorization": basic()}
    if method != "POST":
        return api.send(proxy_event(method, path, pairs, headers))
    encoded = [(quote(name, safe=""), quote(text, safe="", errors="surrogatepass")) for name, text in pairs]
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return api.send(proxy_event(method, path, (), headers, "&".join(f"{name}={text}" for name, text in encoded)))


@pytest.fixture
def world(api: Api, client: Any) -> Iterator[World]:
    """A world whose table checks every key."""
    made = World(clients.in_process(api))
    # The account's first request makes its settings.
    made.client.get("/v1/Configuration")

    def check(request: AwsRequest, send: Send) -> Any:
        check_keys(request.parameters)
        return send()

    with intercepted(check):
        yield made


every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)


@every_operation
def test_whatever_is_sent(operation: Operation, api: Api, world: World) -> None:
    calls = right(operation, world)
    names = [value.name for value in operation.given("query", "form")]

    @settings(_bounded, max_examples=20 if operation.given("form") else 4)
    @given(st.data())
    def example(data: st.DataObject) -> None:
        place, form = data.draw(st.sampled_from(calls))
        path, pairs = data.draw(paths_like(place)), data.draw(forms_like(form, names))
        if attempted(operation, api, world, path, pairs) and operation.method == "DELETE":
            calls[:] = right(operation, world)

    example()


@every_operation
def test_each_parameter_with_the_worst(operation: Operation, api: Api, world: World) -> None:
    path, form = right(operation, world)[0]
    for value in operation.given("query", "form"):
        others = [pair for pair in form if pair[0] != value.name]
        for text in _WORST:
            attempted(operation, api, world, path, [*others, (value.name, text)])
    segments = path.split("/")
    for position, text in itertools.product(range(2, len(segments)), _WORST):
        changed = [*segments[:position], quote(text, safe="", errors="surrogatepass"), *segments[position + 1 :]]
        attempted(operation, api, world, "/".join(changed), form)


def attempted(operation: Operation, api: Api, world: World, path: str, pairs: Pairs) -> bool:
    """Send it and check what became of it; whether it was accepted."""
    before = items()
    reply = send(api, operation.method, path, pairs)
    request_and_reply = (path[:200], [(name, text[:80]) for name, text in pairs], reply.body)
    if reply.status >= 400:
        assert reply.status < 500, request_and_reply
        assert {"code", "message", "more_info", "status"} <= set(reply.body) <= _MEMBERS, request_and_reply
        assert reply.error[0] == reply.status, request_and_reply
        assert items() == before, request_and_reply
        return False
    check_identities()
    if operation.method == "DELETE":
        assert world.client.get(path).status == 404, request_and_reply
    elif operation.method == "POST":
        assert is_read(world, reply), request_and_reply
    return True

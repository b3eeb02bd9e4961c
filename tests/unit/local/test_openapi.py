"""The OpenAPI document of our own resources: it is current, valid, and says what the routes do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local import openapi
from partyline import __version__
from partyline.api import routes

DOCUMENT = openapi.build_document()
OPERATIONS = [
    pytest.param(path, operation, id=operation["operationId"])
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(member)


def test_document_in_docs_is_current() -> None:
    """`make openapi` writes it."""
    assert json.loads(openapi.PATH.read_text()) == DOCUMENT
    assert DOCUMENT["info"]["version"] == __version__


def test_references_lead_to_a_schema() -> None:
    references = {one["$ref"] for one in walk(DOCUMENT) if "$ref" in one}
    assert references
    components = DOCUMENT["components"]
    kinds = ("schemas", "parameters", "headers")
    assert references <= {f"#/components/{kind}/{name}" for kind in kinds for name in components[kind]}


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_schema_is_valid(name: str) -> None:
    """OpenAPI 3.1 has the schemas of JSON Schema 2020-12."""
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_schema_says_what_it_is(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]
    assert schema.get("description") or "enum" in schema


def test_operation_ids_are_unique() -> None:
    ids = [one["operationId"] for one in walk(DOCUMENT) if "operationId" in one]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("path", "operation"), OPERATIONS)
def test_operation_has_a_summary_and_answers(path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert "default" in operation["responses"]
    assert any(status.startswith("2") for status in operation["responses"])


def test_paths_name_their_parameters() -> None:
    for path, item in DOCUMENT["paths"].items():
        named = [one["name"] for one in item.get("parameters", [])]
        assert named == re.findall(r"\{(\w+)\}", path)


def test_every_resource_of_ours_is_documented() -> None:
    ours = {
        "Contacts",
        "Inbox",
        "Search",
        "Keys",
        "Lines",
        "OptOuts",
        "Erasures",
        "UnroutedTexts",
        "Preview",
        "ReadState",
        "Export",
        "Activity",
        "Notes",
        "Snippets",
        "PushSubscriptions",
        "ScheduledMessages",
        "Viewers",
        "Addresses",
        "Tokens",
        "",
    }
    paths = {route.path for route in routes.ACCOUNT if ours & {route.path, *route.path.split("/")}}
    sessions = {"/session", "/session/token", "/session/end"}
    assert {f"/v1/{path}".rstrip("/") for path in paths} | sessions == set(DOCUMENT["paths"])


def test_the_key_of_a_request_is_named_where_it_counts() -> None:
    keyed = {
        path: set(operation["responses"]["201"]["headers"])
        for path, item in DOCUMENT["paths"].items()
        for operation in item.values()
        if {"$ref": "#/components/parameters/IdempotencyKey"}
        in (operation.get("parameters", ()) if isinstance(operation, dict) else ())
    }
    assert keyed == {
        path: {"Idempotent-Replayed"} for path in ("/v1/Contacts", "/v1/Conversations/{conversation}/Notes")
    }


def test_access_tokens_are_named_where_users_may_call() -> None:
    assert DOCUMENT["paths"]["/v1/Conversations/{conversation}/Export"]["get"]["security"] == [
        {"account": []},
        {"user": []},
    ]
    assert DOCUMENT["security"] == [{"account": []}]
    assert {
        f"{method} {path}"
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if "operationId" in operation and "security" not in operation
    } == {
        "post /v1/Configuration/Addresses",
        "get /v1/Configuration/Addresses",
        "get /v1/Configuration/Addresses/{address}",
        "post /v1/Configuration/Addresses/{address}",
        "delete /v1/Configuration/Addresses/{address}",
        "post /v1/Erasures",
        "get /v1/Erasures",
        "get /v1/Erasures/{erasure}",
        "post /v1/Keys",
        "get /v1/Keys",
        "get /v1/Keys/{key}",
        "post /v1/Keys/{key}",
        "delete /v1/Keys/{key}",
        "post /v1/Lines",
        "delete /v1/Lines/{line}",
        "post /v1/Lines/{line}/CatchUp",
        "get /v1/Lines/{line}/CatchUp",
    }

"""`make openapi`: the OpenAPI document of our own resources, docs/openapi.json, written from the models of the API.

It has the resources that Twilio's Conversations API does not have, and Address Configurations, which can do more here.
For the others Twilio's own document holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from partyline import __version__
from partyline.api import routes, session_endpoint
from partyline.api.context import Handler
from partyline.api.form_model import Form
from partyline.api.idempotency import REPLAYED
from partyline.api.operations import Operation
from partyline.api.pagination import PageQuery
from partyline.api.response_model import ResponseModel
from partyline.api.router import Route
from partyline.domain import idempotency_keys
from partyline.refusals.dictionary import DICTIONARY

PATH = Path(__file__).parent.parent / "docs" / "openapi.json"

_SCHEMA = "#/components/schemas/{model}"
Model = TypeVar("Model", bound=BaseModel)

_FORM = "application/x-www-form-urlencoded"
_INFO = {
    "title": "Partyline: our own resources",
    "version": __version__,
    "description": "The resources of Partyline that Twilio's API does not have. For the others, Twilio's own OpenAPI "
    "document of Conversations v1 holds.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_ERROR = {
    "type": "object",
    "title": "Error",
    "description": "A refusal, in Twilio's form.",
    "required": ["code", "message", "more_info", "status"],
    "properties": {
        "code": {"type": "integer", "description": "Twilio's error code."},
        "message": {"type": "string"},
        "more_info": {"type": "string", "format": "uri"},
        "status": {"type": "integer", "description": "The HTTP status."},
        "details": {
            "type": "object",
            "description": "What is wrong in this request: `reason`, and the parameter, address or resource at fault.",
        },
    },
}
_URL = {"type": ["string", "null"], "format": "uri"}
_META = {
    "type": "object",
    "title": "Meta",
    "description": "Where a page is in its list.",
    "required": ["page", "page_size", "first_page_url", "previous_page_url", "url", "next_page_url", "key"],
    "properties": {
        "page": {"type": "integer"},
        "page_size": {"type": "integer"},
        "first_page_url": {"type": "string", "format": "uri"},
        "previous_page_url": _URL,
        "url": {"type": "string", "format": "uri"},
        "next_page_url": _URL,
        "key": {"type": "string", "description": "The member that holds the entries."},
    },
}
_IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": idempotency_keys.HEADER,
    "in": "header",
    "description": "The client's name for this request, such as a UUID, with or without quotes. For 24 hours a repeat "
    "with it and with the same parameters gets the first answer, and does nothing; one with other parameters is "
    "refused with 422, and one while the first is under way with 409.",
    "schema": {"type": "string", "minLength": 1},
}
_REPLAYED: dict[str, Any] = {
    "description": "`true` where this is the answer of an earlier request with the same Idempotency-Key.",
    "schema": {"type": "string", "const": "true"},
}
_SECURITY: dict[str, Any] = {
    "account": {
        "type": "http",
        "scheme": "basic",
        "description": "The account's SID and its auth token, or an API key and its secret.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": session_endpoint.SESSION_COOKIE,
        "description": "The session of a browser that has signed in (docs/sign-in.md).",
    },
    "user": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token, as Twilio's SDKs make it: it speaks for one user.",
    },
}
_TAGS = {
    "session": "Sign-in",
    "": "Version",
    "Configuration": "Address Configurations",
    "Conversations": "Preview, Export, Viewers and Scheduled Messages",
    "Users": "Tokens",
}


def build_document() -> dict[str, Any]:
    """Build the document, the same one each time."""
    schemas, paths = _build_schemas(), {}
    for route, methods in _operations():
        built = {}
        for method, (handler, operation) in methods.items():
            built[method.lower()] = _build_operation(route.path, handler, operation, schemas)
            if method in route.user_methods:
                built[method.lower()]["security"] = [{"account": []}, {"user": []}]
        parameters = [_path_parameter(name) for name in re.findall(r"\{(\w+)\}", route.path)]
        paths[f"/v1/{route.path}".rstrip("/")] = {**({"parameters": parameters} if parameters else {}), **built}
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": [{"url": "https://partyline.example", "description": "The Output ApiUrl of your stack."}],
        "security": [{"account": []}],
        "paths": {**paths, **_build_session_paths(schemas)},
        "components": {
            "securitySchemes": _SECURITY,
            "parameters": {"IdempotencyKey": _IDEMPOTENCY_KEY},
            "headers": {"IdempotentReplayed": _REPLAYED},
            "schemas": {**schemas, "Error": _ERROR, "Meta": _META},
        },
    }


def _build_session_paths(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Build the routes of sign-in, which a browser calls with the cookie of its session."""
    return {
        path: {
            method.lower(): {**_build_operation(path[1:], handler, operation, schemas), "security": [{"session": []}]}
        }
        for path, (method, handler, operation) in session_endpoint.OPERATIONS.items()
    }


def write() -> None:
    """Write the document."""
    PATH.write_text(json.dumps(build_document(), indent=2) + "\n")


def _operations() -> Iterator[tuple[Route, Mapping[str, tuple[Handler, Operation]]]]:
    """Yield the routes with their documented methods, in the order of the table."""
    documented = {key: operation for router in routes.ROUTERS for key, operation in router.operations.items()}
    for route in routes.ACCOUNT:
        methods = {
            method: (handler, documented[method, route.path])
            for method, handler in route.handlers.items()
            if (method, route.path) in documented
        }
        if methods:
            yield route, methods


def _build_schemas() -> dict[str, Any]:
    """Build the schemas of every model that an operation names."""
    forms, answers = _models()
    _, read = models_json_schema([(model, "validation") for model in _by_name(forms)], ref_template=_SCHEMA)
    _, written = models_json_schema([(model, "serialization") for model in _by_name(answers)], ref_template=_SCHEMA)
    schemas = {name: _simplify(schema) for name, schema in {**read["$defs"], **written["$defs"]}.items()}
    for form in forms:
        properties = schemas[form.__name__]["properties"]
        schemas[form.__name__]["properties"] = {name: _without_null(member) for name, member in properties.items()}
    return {name: schemas[name] for name in sorted(schemas)}


def _models() -> tuple[set[type[Form]], set[type[ResponseModel]]]:
    """Return the models of all forms and queries, and those of all answers."""
    operations = [operation for _, methods in _operations() for _, operation in methods.values()]
    operations += [operation for _, _, operation in session_endpoint.OPERATIONS.values()]
    read = [model for operation in operations for model in (operation.form, operation.query)]
    written = [model for operation in operations for model in operation.answers.values()]
    entries = {operation.list_of[1] for operation in operations if operation.list_of}
    return {*filter(None, read), PageQuery}, {*filter(None, written), *entries}


def _by_name(models: Iterable[type[Model]]) -> list[type[Model]]:
    return sorted(models, key=lambda model: model.__name__)


def _simplify(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what pydantic adds: titles made of names, and defaults that are null.

    Answers may have more members in later versions, so additional ones are not ruled out.
    """
    simple = {name: value for name, value in schema.items() if name != "additionalProperties"}
    if "properties" in schema:
        simple["properties"] = {
            name: {key: value for key, value in member.items() if key != "title" and (key, value) != ("default", None)}
            for name, member in schema["properties"].items()
        }
    return simple


def _without_null(member: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out null as a type: a parameter of a form is given or it is not."""
    types = [one for one in member.get("anyOf", []) if one != {"type": "null"}]
    if len(types) != 1:
        return dict(member)
    return {**types[0], **{name: value for name, value in member.items() if name != "anyOf"}}


def _build_operation(
    path: str, handler: Callable[..., Any], operation: Operation, schemas: Mapping[str, Any]
) -> dict[str, Any]:
    summary, _, description = (handler.__doc__ or "").partition("\n")
    segment = path.partition("/")[0]
    built: dict[str, Any] = {
        "operationId": f"{handler.__module__.rpartition('.')[2]}_{handler.__name__}",
        "summary": summary.removesuffix("."),
        "tags": [_TAGS.get(segment, segment)],
    }
    text = " ".join(description.split("Raises")[0].split())
    if text:
        built["description"] = text
    queries = (operation.query, PageQuery if operation.list_of else None)
    parameters = [parameter for query in queries if query for parameter in _query_parameters(query, schemas)]
    if operation.idempotent:
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if parameters:
        built["parameters"] = parameters
    if operation.form:
        built["requestBody"] = {"content": {_FORM: {"schema": _reference(operation.form.__name__)}}}
    return {**built, "responses": {**_successes(operation), "default": _refusals(operation)}}


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(query: type[Form], schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            **({"description": member["description"]} if "description" in member else {}),
            "schema": {key: value for key, value in member.items() if key != "description"},
        }
        for name, member in schemas[query.__name__]["properties"].items()
    ]


def _successes(operation: Operation) -> dict[str, Any]:
    if operation.list_of:
        name, model = operation.list_of
        page = {
            "type": "object",
            "required": [name, "meta"],
            "properties": {
                name: {"type": "array", "items": _reference(model.__name__)},
                "meta": _reference("Meta"),
            },
        }
        return {"200": _answer("A page of the list.", page)}
    if not operation.answers:
        content = {operation.content_type: {"schema": {"type": "string"}}}
        return {"200": {"description": "JSON lines.", "content": content}}
    replayed = {"headers": {REPLAYED: {"$ref": "#/components/headers/IdempotentReplayed"}}}
    return {
        str(status): {
            **(_answer(_summary(model), _reference(model.__name__)) if model else {"description": "Done."}),
            **(replayed if operation.idempotent else {}),
        }
        for status, model in operation.answers.items()
    }


def _refusals(operation: Operation) -> dict[str, Any]:
    """Describe the refusals: the codes of the operation's own, with their texts where each has one."""
    codes = [f"{code} ({DICTIONARY[code].text})" if DICTIONARY[code].text else str(code) for code in operation.refusals]
    text = f"A refusal. Codes of its own: {', '.join(codes)}." if codes else "A refusal."
    return _answer(text, _reference("Error"))


def _answer(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or model.__name__).partition("\n")[0]


def _reference(model: str) -> dict[str, str]:
    return {"$ref": _SCHEMA.format(model=model)}


if __name__ == "__main__":
    write()

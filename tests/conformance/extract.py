"""Takes the facts that the tests need out of Twilio's OpenAPI document of Conversations v1.

    python tests/conformance/extract.py twilio_conversations_v1.json > tests/conformance/operations.json

Names, types and shapes only: no description, no example. Of the examples one fact is kept that the schemas do not
state: which links a resource has.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_SCHEMAS = "#/components/schemas/"
_RESOURCE = "conversations.v1."
_FORM = "application/x-www-form-urlencoded"
_METHODS = ("get", "post", "delete")


def facts(document: Json) -> Json:
    """All resources with their fields, and all operations with their parameters."""
    schemas: Json = document["components"]["schemas"]
    operations = [
        _operation(method.upper(), path, item[method], schemas)
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]
    links = _links(document)
    resources = {
        name.removeprefix(_RESOURCE): {
            "links": sorted(links.get(name.removeprefix(_RESOURCE), ())),
            "fields": [_value(field, shape, schemas) for field, shape in schema["properties"].items()],
        }
        for name, schema in schemas.items()
        if name.startswith(_RESOURCE)
    }
    return {"resources": resources, "operations": operations}


def _operation(method: str, path: str, described: Json, schemas: Json) -> Json:
    form = described.get("requestBody", {}).get("content", {}).get(_FORM, {}).get("schema", {})
    parameters = [
        {"in": given["in"], **_value(given["name"], given["schema"], schemas, required=given.get("required", False))}
        for given in described.get("parameters", ())
    ] + [
        {"in": "form", **_value(name, shape, schemas, required=name in form.get("required", ()))}
        for name, shape in form.get("properties", {}).items()
    ]
    resource, key = _answer(described)
    sizes = [given for given in parameters if given["name"] == "PageSize"]
    return {
        "id": described["operationId"],
        "method": method,
        "path": path,
        "success": sorted(int(status) for status in described["responses"] if status.startswith("2")),
        "resource": resource,
        **({"key": key, "maximum": sizes[0]["maximum"]} if key else {}),
        "parameters": parameters,
    }


def _schemas_of(described: Json) -> Iterator[Json]:
    for response in described["responses"].values():
        for content in response.get("content", {}).values():
            yield content["schema"]


def _answer(described: Json) -> tuple[str | None, str | None]:
    """Which resource an operation answers, and under which key when it is a list."""
    for schema in _schemas_of(described):
        if "$ref" in schema:
            return _resource(schema["$ref"]), None
        for key, member in schema["properties"].items():
            if member.get("type") == "array":
                return _resource(member["items"]["$ref"]), key
    return None, None


def _resource(reference: str) -> str:
    return reference.removeprefix(_SCHEMAS + _RESOURCE)


def _value(name: str, shape: Json, schemas: Json, *, required: bool = False) -> Json:
    """A field or a parameter. No type means that it can be anything."""
    is_array = shape.get("type") == "array"
    inner = shape["items"] if is_array else shape
    whole = schemas[inner["$ref"].removeprefix(_SCHEMAS)] if "$ref" in inner else inner
    facts_of_schema = {
        name: whole[name] for name in ("type", "format", "pattern", "enum", "minimum", "maximum") if name in whole
    }
    flags = {"array": is_array, "required": required, "nullable": shape.get("nullable", False)}
    return {"name": name, **facts_of_schema, **{flag: True for flag, holds in flags.items() if holds}}


def _links(document: Json) -> dict[str, set[str]]:
    """The names of the links that the examples of each resource show."""
    found: dict[str, set[str]] = {}
    for item in document["paths"].values():
        for method in _METHODS:
            described = item.get(method)
            if not described:
                continue
            resource, _ = _answer(described)
            for shown in _examples(described):
                found.setdefault(resource or "", set()).update(shown)
    return found


def _examples(described: Json) -> Iterator[Mapping[str, str]]:
    for response in described["responses"].values():
        for content in response.get("content", {}).values():
            for example in content.get("examples", {}).values():
                value = example["value"]
                entries = [entry for member in value.values() if isinstance(member, list) for entry in member]
                for shown in [value, *entries]:
                    if isinstance(shown, dict) and isinstance(shown.get("links"), dict):
                        yield shown["links"]


def written(found: Json) -> str:
    """The facts as JSON with one line for each field and parameter."""
    lines = ['{"resources": {']
    for comma, (name, resource) in _ending(list(found["resources"].items())):
        lines.append(f' {json.dumps(name)}: {{"links": {json.dumps(resource["links"])}, "fields": [')
        lines += [f"  {json.dumps(field)}{end}" for end, field in _ending(resource["fields"])]
        lines.append(f" ]}}{comma}")
    lines.append('}, "operations": [')
    for comma, operation in _ending(found["operations"]):
        head = {name: value for name, value in operation.items() if name != "parameters"}
        lines.append(f' {json.dumps(head)[:-1]}, "parameters": [')
        lines += [f"  {json.dumps(parameter)}{end}" for end, parameter in _ending(operation["parameters"])]
        lines.append(f" ]}}{comma}")
    return "\n".join([*lines, "]}"]) + "\n"


def _ending(things: list[Any]) -> Iterator[tuple[str, Any]]:
    """Each thing with the comma behind it; the last has none."""
    for position, thing in enumerate(things, 1):
        yield "," if position < len(things) else "", thing


if __name__ == "__main__":
    sys.stdout.write(written(facts(json.loads(Path(sys.argv[1]).read_text()))))

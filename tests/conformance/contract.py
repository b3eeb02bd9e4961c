"""The contract as data: what operations.json says of every operation, its parameters and what it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FACTS = json.loads((Path(__file__).parent / "operations.json").read_text())
_SERVICE = "/Services/{ChatServiceSid}"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@dataclass(frozen=True, slots=True)
class Value:
    """A field of a resource or a parameter of an operation. Without a type it can be anything.

    `place` is where a parameter is given: path, query, header or form.
    """

    name: str
    type: str | None = None
    format: str | None = None
    pattern: str | None = None
    enum: Sequence[str] = ()
    minimum: int | None = None
    maximum: int | None = None
    array: bool = False
    required: bool = False
    nullable: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """What an operation answers."""

    name: str
    links: Sequence[str]
    fields: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. A list has the `key` of its entries and the largest page."""

    id: str
    method: str
    path: str
    success: Sequence[int]
    resource: Resource | None
    parameters: Sequence[Value]
    key: str | None = None
    maximum: int = 0

    @property
    def in_service(self) -> bool:
        """Whether its path names the Service."""
        return self.path.startswith(f"/v1{_SERVICE}/")

    @property
    def kind(self) -> str:
        """Which collection or single resource it is about, wherever that is: Conversations/Messages."""
        path = self.path.removeprefix("/v1").removeprefix(_SERVICE if self.in_service else "")
        return "/".join(part for part in path.strip("/").split("/") if not part.startswith("{"))

    @property
    def names_one(self) -> bool:
        """Whether its path ends with the SID of one of a collection."""
        return self.path.endswith("}")

    def given(self, *places: str) -> list[Value]:
        """Its parameters in these places."""
        return [value for value in self.parameters if value.place in places]


def _value(facts: Mapping[str, Any]) -> Value:
    named = {name: value for name, value in facts.items() if name != "in"}
    return Value(**named, place=facts.get("in", ""))


def _operation(facts: Mapping[str, Any]) -> Operation:
    resource = RESOURCES[facts["resource"]] if facts["resource"] else None
    parameters = [_value(parameter) for parameter in facts["parameters"]]
    return Operation(**{**facts, "resource": resource, "parameters": parameters})


RESOURCES = {
    name: Resource(name, facts["links"], [_value(field) for field in facts["fields"]])
    for name, facts in _FACTS["resources"].items()
}
OPERATIONS = {facts["id"]: _operation(facts) for facts in _FACTS["operations"]}
METHODS = {
    path: sorted(operation.method for operation in OPERATIONS.values() if operation.path == path)
    for path in sorted({operation.path for operation in OPERATIONS.values()})
}

# Null where the schema says that it is not: a receipt has no status before the carrier has the message, and what was
# never configured has no method.
_NULL_TOO = ("conversation_message_receipt.status", "service_webhook_configuration.method")
# Ours beside Twilio's: a Service can have default timers of its own.
_BEYOND = (
    "service_configuration.default_inactive_timer",
    "service_configuration.default_closed_timer",
    "service_configuration.lock_groups",
    "service_configuration.text_search",
    "service_configuration.message_retention",
    "message.date_received_by_carrier",
    "message.written_by",
    "conversation.assignee",
    "conversation_with_participants.assignee",
    "participant.contact",
)


def problems(resource: Resource, body: Mapping[str, Any], base: str) -> Iterator[str]:
    """Iterate over the differences of an answer from the contract. `base` is the prefix of every URL."""
    fields = {field.name: field for field in resource.fields}
    for name in set(body) - set(fields):
        if not f"{resource.name}.{name}".endswith(_BEYOND):
            yield f"{name} is not in the contract"
    for field in fields.values():
        yield from _field_problems(resource, field, body, base)
    if "links" in fields and set(body.get("links") or {}) != set(resource.links):
        yield f"links are {sorted(body.get('links') or {})}, not {list(resource.links)}"


def _field_problems(resource: Resource, field: Value, body: Mapping[str, Any], base: str) -> Iterator[str]:
    name = field.name
    if name not in body:
        yield f"{name} is missing"
    elif body[name] is None:
        if not (field.nullable or f"{resource.name}.{name}".endswith(_NULL_TOO)):
            yield f"{name} is null"
    elif not _fits(field, body[name], base):
        yield f"{name} is {body[name]!r}"


def _fits(field: Value, value: Any, base: str) -> bool:
    if field.array:
        return isinstance(value, list) and all(_is(field, member, base) for member in value)
    return _is(field, value, base)


def _is(field: Value, value: Any, base: str) -> bool:
    if field.enum:
        return value in field.enum
    if field.format == "uri-map":
        return isinstance(value, dict) and all(str(url).startswith(f"{base}/v1/") for url in value.values())
    if field.type == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if field.type == "string":
        return isinstance(value, str) and _is_text(field, value, base)
    return field.type is None or isinstance(value, {"boolean": bool, "object": dict}[field.type])


def _is_text(field: Value, value: str, base: str) -> bool:
    if field.format == "uri":
        return value.startswith(f"{base}/v1/" if field.name == "url" else "https://")
    pattern = _TIME if field.format == "date-time" else field.pattern
    return pattern is None or re.fullmatch(pattern, value) is not None


def root_of(path: str) -> str:
    """The version, or the Service, that a path begins with."""
    found = re.match(r"/v1(/Services/IS[0-9a-f]{32}(?=/))?", path)
    assert found, path
    return found[0]

"""Describe and read what carriers write: the types that their payload models are made of.

Each carrier has its models in a module of its own (`bandwidth_payloads` and so on). A model names the fields that we
read; other fields are ignored, since a carrier may add one at any time. Three rules hold for all of them:

- A field that is absent, null or empty means the same.
- A payload that its model refuses is a MalformedWebhook, which is stored as it came. Where a webhook has several parts,
  a part that is refused does not cost the others.
- A field that only adds to a text (a time, a checksum) does not cost the text: it counts as empty where its type is
  another. It is a `Time`, a `Code` or `Lenient`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from partyline.carriers.base import Event, MalformedWebhook

JsonObject = Mapping[str, Any]
# Reads one part of a webhook; raises UnreadablePayload.
Reader = Callable[[], Event]


class UnreadablePayload(ValueError):
    """A payload that is not what its carrier documents. Its text names the field and never repeats the content."""


class Payload(BaseModel):
    """A JSON object, or a form, of a carrier. Its validator is built at first use, not at import."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", defer_build=True)


def build_models() -> None:
    """Build the validators of all carriers that are imported, instead of each at its first use."""
    for model in list_models():
        model.model_rebuild()


def list_models(kind: type[Payload] = Payload) -> Iterator[type[Payload]]:
    """List the models of all carriers that are imported."""
    for model in kind.__subclasses__():
        yield model
        yield from list_models(model)


def repair_text(text: str) -> str:
    """Replace each half of a surrogate pair. JSON can spell one; what stores or sends UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _read_text(value: object) -> object:
    if value is None:
        return ""
    return repair_text(value) if isinstance(value, str) else value


def _read_lenient(value: object) -> str:
    return repair_text(value) if isinstance(value, str) else ""


def _read_text_or_none(value: object) -> str | None:
    return "" if value is None else _read_lenient(value) if isinstance(value, str) else None


def _read_address(value: object) -> object:
    return _read_text(value.get("phone_number") if isinstance(value, dict) else value)


def _read_list(value: object) -> object:
    return [] if value is None else value


def parse_code(value: object) -> str | None:
    """Parse a carrier's own code, which is a number in some payloads and a string in others; None for neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return repair_text(value) if isinstance(value, str) and value else None


def parse_time(value: object) -> datetime | None:
    """Parse a carrier's time (ISO 8601, UTC without a zone); None for what is none, so that it costs no text."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def only_objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list; nothing for what is no list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _read_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_Item = TypeVar("_Item")

# A string that may be absent.
Text = Annotated[str, BeforeValidator(_read_text)]
# A string that has to be there.
RequiredText = Annotated[str, BeforeValidator(_read_text), Field(min_length=1)]
# A string that counts as empty when it is of another type.
Lenient = Annotated[str, PlainValidator(_read_lenient)]
# A string that may be absent, and None when it is of another type: for a field that only some readers need.
TextOrNone = Annotated[str | None, PlainValidator(_read_text_or_none)]
# An address: a string, or {"phone_number": string}.
Address = Annotated[str, BeforeValidator(_read_address), Field(min_length=1)]
Code = Annotated[str | None, PlainValidator(parse_code)]
Time = Annotated[datetime | None, PlainValidator(parse_time)]
# A list that may be absent.
Items = Annotated[list[_Item], BeforeValidator(_read_list)]
# A list of which only the objects count, and an object that counts as empty when it is of another type.
LenientItems = Annotated[list[_Item], BeforeValidator(only_objects)]
LenientObject = Annotated[_Item, BeforeValidator(_read_object)]

Model = TypeVar("Model", bound=Payload)


def read(model: type[Model], value: object) -> Model:
    """Read a value by its model. Raises UnreadablePayload, which names the first field that is refused."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "payload"
        reason = f"{place}: {first['type']}"
    # Raised here, so that the error with the content is not its context.
    raise UnreadablePayload(reason)


def load_json(body: bytes) -> object:
    """Decode JSON. Raises UnreadablePayload, also for nesting that no carrier sends."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadablePayload("not JSON") from None
    return document


def parse_events(body: bytes, split: Callable[[object], Iterable[Reader]]) -> list[Event]:
    """Parse the events of a JSON webhook, in its order. `split` makes a reader for each part. Never raises."""
    raw = decode_raw(body)
    try:
        readers = list(split(load_json(body)))
    except UnreadablePayload as error:
        return [MalformedWebhook(str(error), raw)]
    return [attempt(reader, raw) for reader in readers]


def attempt(reader: Reader, raw: str) -> Event:
    """Return what the reader reads, or a MalformedWebhook with `raw` when it cannot."""
    try:
        return reader()
    except UnreadablePayload as error:
        return MalformedWebhook(str(error), raw)


def decode_raw(body: bytes) -> str:
    """Decode a body for storing it as it came, whatever its bytes are."""
    return body.decode("utf-8", "backslashreplace")

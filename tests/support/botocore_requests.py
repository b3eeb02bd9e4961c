"""botocore's way to the table, made quick: the same address and the same user agent for each request, and values that
are checked, written and read at once.

botocore works the address out anew from rules for all regions, puts the user agent together from its twenty parts, and
looks at a value in three steps for each of the ten types that it might have.
"""

from __future__ import annotations

from typing import Any

from botocore.parsers import BaseJSONParser
from botocore.regions import EndpointRulesetResolver
from botocore.serialize import JSONSerializer
from botocore.useragent import UserAgentString
from botocore.validate import ParamValidator

_VALUE = "AttributeValue"
# A value of one of these types is this and nothing more, on its way there and back.
_PLAIN: dict[str, type] = {"S": str, "N": str, "BOOL": bool, "NULL": bool}

# What is changed here is botocore's own affair, of which its types say nothing.
_resolvers: Any = EndpointRulesetResolver
_agents: Any = UserAgentString
_validators: Any = ParamValidator
_writers: Any = JSONSerializer
_readers: Any = BaseJSONParser

_construct_endpoint = _resolvers.construct_endpoint
_validate = _validators._validate_structure
_write = _writers._serialize_type_structure
_read = _readers._handle_structure


def install() -> None:
    """Change botocore for this process."""
    _resolvers.construct_endpoint = _construct_endpoint_once
    _agents.to_string = lambda _: "tests"
    _validators._validate_structure = _validate_value
    _writers._serialize_type_structure = _write_value
    _readers._handle_structure = _read_value


def _construct_endpoint_once(resolver: Any, operation_model: Any, *given: Any, **named: Any) -> Any:
    """The address of a table's requests, which no parameter changes."""
    if operation_model.service_model.service_name != "dynamodb":
        return _construct_endpoint(resolver, operation_model, *given, **named)
    known = resolver._instance_cache
    if "endpoint" not in known:
        known["endpoint"] = _construct_endpoint(resolver, operation_model, *given, **named)
    return known["endpoint"]


def _is_plain(value: Any, shape: Any) -> bool:
    if shape.name != _VALUE or type(value) is not dict or len(value) != 1:
        return False
    kind, content = next(iter(value.items()))
    return type(content) is _PLAIN.get(kind)


def _validate_value(validator: Any, value: Any, shape: Any, errors: Any, name: str) -> None:
    if not _is_plain(value, shape):
        _validate(validator, value, shape, errors, name)


def _write_value(serializer: Any, written: Any, value: Any, shape: Any, key: Any) -> None:
    if _is_plain(value, shape):
        written[key] = dict(value)
    else:
        _write(serializer, written, value, shape, key)


def _read_value(parser: Any, shape: Any, value: Any) -> Any:
    return dict(value) if _is_plain(value, shape) else _read(parser, shape, value)

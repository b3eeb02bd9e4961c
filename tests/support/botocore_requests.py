"""botocore's way to the table, made quick: the same address and the same user agent for each request, and values that
are checked, written and read at once.

botocore works the address out anew from rules for all regions, puts the user agent together from its twenty parts, and
looks at each name and each value of an item in several steps.
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
_validate = _validators._validate_map
_write = _writers._serialize_type_map
_read = _readers._handle_map


def install() -> None:
    """Change botocore for this process."""
    _resolvers.construct_endpoint = _construct_endpoint_once
    _agents.to_string = lambda _: "tests"
    _validators._validate_map = _validate_item
    _writers._serialize_type_map = _write_item
    _readers._handle_map = _read_item


def _construct_endpoint_once(resolver: Any, operation_model: Any, *given: Any, **named: Any) -> Any:
    """The address of a table's requests, which no parameter changes."""
    if operation_model.service_model.service_name != "dynamodb":
        return _construct_endpoint(resolver, operation_model, *given, **named)
    known = resolver._instance_cache
    if "endpoint" not in known:
        known["endpoint"] = _construct_endpoint(resolver, operation_model, *given, **named)
    return known["endpoint"]


def _is_plain(value: Any) -> bool:
    if type(value) is not dict or len(value) != 1:
        return False
    kind, content = next(iter(value.items()))
    return type(content) is _PLAIN.get(kind)


def _validate_item(validator: Any, item: Any, shape: Any, errors: Any, name: str) -> None:
    if shape.value.name == _VALUE and type(item) is dict:
        item = {key: value for key, value in item.items() if type(key) is not str or not _is_plain(value)}
    _validate(validator, item, shape, errors, name)


def _write_item(serializer: Any, written: Any, item: Any, shape: Any, key: Any) -> None:
    if shape.value.name != _VALUE:
        _write(serializer, written, item, shape, key)
        return
    written[key] = {}
    for name, value in item.items():
        if _is_plain(value):
            written[key][name] = value
        else:
            serializer._serialize(written[key], value, shape.value, name)


def _read_item(parser: Any, shape: Any, item: Any) -> Any:
    if shape.value.name != _VALUE:
        return _read(parser, shape, item)
    return {
        name: value if _is_plain(value) else parser._parse_shape(shape.value, value) for name, value in item.items()
    }

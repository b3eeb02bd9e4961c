"""moto's DynamoDB, made quick: it takes most of the time of the integration tests.

A request from a client of this process reaches moto's DynamoDB directly. Otherwise it would be signed, sent, matched
with every service's URLs and written as a response, which takes longer than the request itself.

moto copies the whole table for each write of a transaction, to be able to undo it. Here a stored item is never changed
in place, so one copy of the partitions that are written to is enough, and shares their items.

moto sorts the whole table for each query. Here it gets the partition that the query asks for, sorted by its texts.

moto looks for each of the ten types of a value in an answer under several names. Here under its own.

moto reads few statements of PartiQL. Here each becomes the request that does the same.
"""

from __future__ import annotations

import copy
import functools
import inspect
import json
import threading
from datetime import datetime
from http import HTTPStatus
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.handlers import BUILTIN_HANDLERS, REGISTER_LAST
from botocore.parsers import create_parser
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import JsonRESTError
from moto.core.models import botocore_stubber
from moto.core.serialize import AttributePicker
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from tests.support import botocore_requests, moto_expressions, moto_values, partiql

# Reads and writes of items, and the table of each test; other requests about tables take the long way.
DIRECT = frozenset(
    {
        "CreateTable",
        *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"),
        *("BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems", "BatchExecuteStatement"),
    }
)

_NOTHING = DynamoType({"NULL": True})

_parser = create_parser("json")
_one_request = threading.RLock()
_transact = DynamoDBBackend.transact_write_items
_query = Table.query
_arguments_of_query = inspect.signature(_query)
_update_item = DynamoDBBackend.update_item
_pick = AttributePicker.__call__


def install() -> None:
    """Change moto, and the way to it, for this process."""
    botocore_requests.install()
    moto_expressions.install()
    moto_values.install()
    Table.query = _query_partition
    DynamoDBBackend.transact_write_items = _undo_with_one_copy
    DynamoDBBackend.update_item = _update_copy
    AttributePicker.__call__ = _pick_by_name
    # A client takes its handlers from here when it is made, as it does moto's own.
    BUILTIN_HANDLERS.append(("before-call.dynamodb", answer, REGISTER_LAST))


def answer(model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> tuple[AWSResponse, Any] | None:
    """Answer a client's request directly. None leaves the request to the way through HTTP."""
    if not botocore_stubber.enabled or model.name not in DIRECT:
        return None
    status, body = respond(model.name, params["body"], context["client_region"])
    headers = HTTPHeaders.from_pairs([("x-amzn-requestid", "direct")])
    response = {"status_code": status, "headers": headers, "body": body}
    parsed = _parser.parse(response, model.output_shape)
    if error_shape := model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code")):
        parsed |= _parser.parse(response, error_shape)
    return AWSResponse(params["url"], status, headers, None), parsed


def respond(operation: str, body: bytes | str, region: str) -> tuple[int, bytes]:
    """Answer the JSON body of a request; return the status and the body of the answer."""
    if operation == "BatchExecuteStatement":
        statements = json.loads(body)["Statements"]
        return int(HTTPStatus.OK), json.dumps({"Responses": [_execute(one, region) for one in statements]}).encode()
    handler = DynamoHandler()
    handler.body = handler.params = json.loads(body)
    handler.region, handler.current_account = region, DEFAULT_ACCOUNT_ID
    try:
        # One at a time: moto's tables are no place for several threads.
        with _one_request:
            result = getattr(handler, camelcase_to_underscores(operation))().result
            return int(HTTPStatus.OK), json.dumps(result, default=datetime.timestamp).encode()
    except JsonRESTError as error:
        return error.code, str(error.get_body()).encode()


def _execute(statement: dict[str, Any], region: str) -> dict[str, Any]:
    """Execute a statement of PartiQL by the request that does the same."""
    operation, write = partiql.to_write(statement)
    status, body = respond(f"{operation}Item", json.dumps(write), region)
    if status == HTTPStatus.OK:
        return {"TableName": write["TableName"]}
    error = json.loads(body)
    return partiql.to_error(operation, error["__type"].rpartition("#")[2], error.get("message", ""))


def _undo_with_one_copy(backend: Any, writes: list[dict[str, Any]]) -> Any:
    """Make a transaction; moto asks for a copy of the table for each of its writes before it makes the first."""
    keys: dict[str, list[dict[str, Any]]] = {}
    for write in (write for part in writes for write in part.values()):
        keys.setdefault(write["TableName"], []).append(write.get("Key") or write["Item"])
    tables = {name: backend.tables[name] for name in keys if name in backend.tables}
    for name, table in tables.items():
        table.__deepcopy__ = functools.partial(_return, _copy_of(table, keys[name]))
    try:
        return _transact(backend, writes)
    finally:
        for table in tables.values():
            del table.__deepcopy__


def _return(copied: Any, _: dict[int, Any]) -> Any:
    return copied


def _copy_of(table: Any, keys: list[dict[str, Any]]) -> Any:
    """A copy of a table and its stream that writes to these keys do not reach. The other partitions are the same."""
    copied = copy.copy(table)
    copied.items = table.items.copy()
    for pk in {DynamoType(key[table.hash_key_attr]) for key in keys} & table.items.keys():
        copied.items[pk] = dict(table.items[pk])
    if table.stream_shard is not None:
        copied.stream_shard = copy.copy(table.stream_shard)
        copied.stream_shard.table = copied
        copied.stream_shard.items = list(table.stream_shard.items)
    return copied


def _query_partition(table: Any, *given: Any, **named: Any) -> Any:
    """Query a table that has the items of one partition only, of its own or of an index."""
    arguments = _arguments_of_query.bind(table, *given, **named).arguments
    hash_key, index_name = arguments["hash_key"], arguments.get("index_name")
    partition = copy.copy(table)
    if index_name is None:
        partition.items = {hash_key: table.items.get(hash_key, {})}
    else:
        name = table.get_index(index_name).schema[0]["AttributeName"]
        wanted = hash_key.value
        partition.items = {
            pk: found
            for pk, by_sk in table.items.items()
            if (found := {sk: one for sk, one in by_sk.items() if one.attrs.get(name, _NOTHING).value == wanted})
        }
    items = [item for by_sk in partition.items.values() for item in by_sk.values()]
    items.sort(key=lambda item: (item.hash_key.value, item.range_key.value))
    partition.all_items = lambda: items
    return _query(partition, *given, **named)


def _update_copy(backend: Any, table_name: str, key: dict[str, Any], *given: Any, **named: Any) -> Any:
    """Update an item that no copy of the table has."""
    table = backend.get_table(table_name)
    pk, sk = DynamoType(key[table.hash_key_attr]), DynamoType(key[table.range_key_attr])
    item = table.get_item(pk, sk)
    if item is not None:
        table.items[pk][sk] = copy.deepcopy(item)
    return _update_item(backend, table_name, key, *given, **named)


def _pick_by_name(picker: Any, context: Any) -> Any:
    """A member of a part of an answer."""
    parent = getattr(context.shape, "parent", None)
    if type(context.obj) is dict and parent is not None and parent.name == "AttributeValue":
        return context.obj.get(context.key)
    return _pick(picker, context)

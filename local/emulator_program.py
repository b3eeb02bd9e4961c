"""The emulator's program: MiniStack, with fifteen changes. Runs in the emulator's own environment, as a plain file.

MiniStack unpacks the layer anew for each process of a function, two thousand files of it, which takes longer than all
the rest of the start. Here a layer is unpacked once and each process is given a link to it.

It reads a template in Python, in seconds and several times for each deployment. Here libyaml reads it, where it is.

It puts the layers and functions of a template in place in its event loop, which answers nobody meanwhile. Here a thread
does.

It ends the processes of a function whose code or configuration is replaced, in the middle of a call too. On AWS that
call goes on with the old ones. Here a process that has a call under way ends after it.

It is served by Hypercorn, which takes longer for a request than the emulator does to answer it. Here Uvicorn serves it
(local/emulator_server.py).

It reads a condition of a request anew for each item of a partition. Here it is read once
(local/emulator_expressions.py).

It collects the output of a function until a call ends, waits up to 50 ms for more, and stores it in a CloudWatch of its
own. It prints only the output of calls by a queue or a stream. Here every line is printed to the emulator's own output
at once, and after it the trace of a call that raised.

It has one batch of a FIFO queue under way at a time, because a batch may hold messages of several groups. A batch of
one does not, and a queue gives out nothing of a group that has a message under way. So with a batch size of 1 as many
are under way here as the mapping allows, but at most 8, for each is a process.

It does not support partial batch responses of a stream: here such a batch is delivered again as a whole.

It takes the binary types of an API as they are written in a template, `*~1*`, which API Gateway reads as `*/*`; and
it requires an Accept header for a file, which API Gateway does not where every type is binary.

It knows no Fn::Split in a condition of a template, which CloudFormation does.

It imports of an integration only which function it calls: here also what a MOCK integration answers. It gives the
mapping template of one out as the body. API Gateway runs it, and here it sets the response headers that it overrides
(local/mapping_templates.py).

It replaces an API whose definition changes by another one with another id. CloudFormation imports the definition into
the API that is there, and so does this one.

It leaves the groups of a person out of the ID token that a refresh gives. Cognito names them.

It answers every page that is open in a browser on this machine, and each request to it can run a program here. This one
answers programs (local/admission.py). The front tells it the origin of a page that it has let through, and to the API
that is the request's own.

It keeps its state as local/emulator_state.py says, if KEPT_STATE names a directory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import threading
import zipfile
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from urllib.parse import parse_qs

import hypercorn.asyncio
import yaml
from ministack import app
from ministack.core import lambda_runtime
from ministack.services import apigateway_v1, cognito, lambda_svc
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

# Behind everything of the emulator's; its functions are processes of their own and see nothing of it.
sys.path.append(str(Path(__file__).resolve().parents[1]))
from local import admission, emulator_expressions, emulator_server, mapping_templates, orphans
from local.emulator_state import Busy, State

_LAYER = "layer_"
# Bytes; the directory of a zip file with our layer's files takes a tenth.
_DIRECTORY_SIZE = 4_000_000
_lock = threading.Lock()


class SharedLayer:
    """The zip file of a layer, unpacked into one place and linked to from wherever it is asked for."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def namelist(self) -> list[str]:
        """Nothing, so that its thousands of names are not looked at for tricks: the layer is our own."""
        return []

    def extractall(self, path: str) -> None:
        """Unpack it, or link to what was unpacked before. Its directory, at its end, has a checksum of every file."""
        with self._path.open("rb") as content:
            size = content.seek(0, os.SEEK_END)
            content.seek(max(0, size - _DIRECTORY_SIZE))
            digest = hashlib.sha256(content.read()).hexdigest()[:16]
        shared = Path(os.environ["TMPDIR"]) / f"shared-{size}-{digest}"
        with _lock:
            if not shared.is_dir():
                with zipfile.ZipFile(self._path) as layer:
                    layer.extractall(shared)
        Path(path).rmdir()
        Path(path).symlink_to(shared)


def open_zip(path: str) -> SharedLayer | zipfile.ZipFile:
    """Open the code of a function, or a layer."""
    return SharedLayer(path) if Path(path).name.startswith(_LAYER) else zipfile.ZipFile(path)


lambda_runtime.zipfile = SimpleNamespace(
    ZipFile=open_zip, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
)


class TemplateLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The emulator's loader of templates, by libyaml."""

    yaml_constructors = engine.CfnLoader.yaml_constructors


engine.CfnLoader = TemplateLoader

_THREADED = {"AWS::Lambda::Function", "AWS::Lambda::LayerVersion", "AWS::Lambda::Version"}
_needs_thread = stacks._runs_on_worker_thread  # noqa: SLF001
stacks._runs_on_worker_thread = lambda kind: kind in _THREADED or _needs_thread(kind)  # noqa: SLF001

_kill_workers = lambda_runtime.kill_workers


def end_workers(workers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """End processes of functions that get no more calls: those that have one under way after it."""
    _kill_workers([worker for worker in workers if not worker.in_use])
    for worker in workers:
        if worker.in_use:
            threading.Thread(target=end_after_call, args=(worker,), daemon=True).start()


def end_after_call(worker):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Wait for the end of a process's call, and end it."""
    # Which is held for the whole of a call, a cold start included.
    with worker._lock:  # noqa: SLF001
        _kill_workers([worker])


lambda_runtime.kill_workers = end_workers


def pass_on(worker):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Say what a function's process says, until it ends."""
    # The emulator closes what a process that it ends says.
    with contextlib.suppress(OSError, ValueError):
        for line in worker._proc.stderr:  # noqa: SLF001
            sys.stdout.write(line)


def say(_function, _request, said, failed, *_more, **_others):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN201
    """Say why a call failed; nothing else is left to be said of a call."""
    if failed and said:
        sys.stdout.write(f"{said}\n")


lambda_runtime.Worker._read_stderr = pass_on  # noqa: SLF001
lambda_runtime.Worker._drain_stderr_bounded = lambda *_: ""  # noqa: SLF001
lambda_svc._emit_lambda_logs = say  # noqa: SLF001

# Batches of a queue under way. With more, the processes of a burst take the memory and the time of a small machine.
_MOST = 8
_concurrency = lambda_svc._sqs_esm_concurrency  # noqa: SLF001


def concurrency(esm, func_rec, config, queue=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """How many batches of a queue may be under way, by its mapping: each is a process of this machine.

    A parameter of the template comes as a text.
    """
    if (queue or {}).get("is_fifo") and esm.get("BatchSize") == 1:
        # What it allows of a queue that is not FIFO.
        queue = None
    return min(int(_concurrency(esm, func_rec, config, queue)), _MOST)


lambda_svc._sqs_esm_concurrency = concurrency  # noqa: SLF001

_matches = apigateway_v1._media_type_matches  # noqa: SLF001


def matches(media_type, binary_media_types):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Whether a type is one of an API's binary ones."""
    return _matches(media_type or "*/*", [kind.replace("~1", "/") for kind in binary_media_types or []])


apigateway_v1._media_type_matches = matches  # noqa: SLF001

_evaluate_conditions = engine._evaluate_conditions  # noqa: SLF001


def split(value: Any, params: dict[str, Any]) -> Any:
    """A condition in which a parameter that is split is a list."""
    if isinstance(value, list):
        return [split(item, params) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Split" in value:
        delimiter, text = value["Fn::Split"]
        return params[text["Ref"]]["Value"].split(delimiter)
    return {name: split(item, params) for name, item in value.items()}


def evaluate_conditions(template, params):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Which conditions of a template hold."""
    return _evaluate_conditions({**template, "Conditions": split(template.get("Conditions", {}), params)}, params)


for module in (engine, changesets, handlers, stacks):
    module._evaluate_conditions = evaluate_conditions  # noqa: SLF001

_request_headers: ContextVar[dict[str, str]] = ContextVar("request_headers")
_import_operation = apigateway_v1._import_operation  # noqa: SLF001
_execute_api = apigateway_v1._execute_in_scope  # noqa: SLF001
_mock = apigateway_v1._invoke_mock_v1  # noqa: SLF001


def import_operation(api, resource, method, operation, *given):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN201
    """Import a method of an API, with what its integration answers by itself."""
    _import_operation(api, resource, method, operation, *given)
    integration = (operation or {}).get("x-amazon-apigateway-integration") or {}
    if "requestTemplates" in integration:
        stored = apigateway_v1._resources[api][resource]["resourceMethods"][method]["methodIntegration"]  # noqa: SLF001
        stored["requestTemplates"] = integration["requestTemplates"]
    for pattern, answer in integration.get("responses", {}).items():
        selected = {**answer, "selectionPattern": "" if pattern == "default" else pattern}
        apigateway_v1._put_integration_response(api, resource, method, answer["statusCode"], selected)  # noqa: SLF001


async def execute_api(request, *given):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN201
    """Answer a request to an API, and remember its headers for a mapping template."""
    _request_headers.set(request["headers"])
    return await _execute_api(request, *given)


def mock(integration):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Answer for a MOCK integration with the headers that its mapping template sets."""
    status, named, template = _mock(integration)
    return status, {**named, **mapping_templates.read_header_overrides(template.decode(), _request_headers.get())}, b""


apigateway_v1._import_operation = import_operation  # noqa: SLF001
apigateway_v1._execute_in_scope = execute_api  # noqa: SLF001
apigateway_v1._invoke_mock_v1 = mock  # noqa: SLF001

_update_rest_api = provisioners._apigw_rest_api_update  # noqa: SLF001


def update_rest_api(api, old, new, *given):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN201
    """Update an API, which keeps its id when it gets another definition."""
    if old.get("Body") != new.get("Body"):
        imported = apigateway_v1._import_rest_api(new["Body"])  # noqa: SLF001
        for parts in (apigateway_v1._resources, apigateway_v1._authorizers_v1):  # noqa: SLF001
            parts[api] = parts[imported]
        apigateway_v1._delete_rest_api(imported)  # noqa: SLF001
    return _update_rest_api(api, {**old, "Body": new.get("Body")}, new, *given)


provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]["update"] = update_rest_api  # noqa: SLF001

_PORT = int(os.environ["GATEWAY_PORT"])
_FORWARDED_ORIGIN = b"x-forwarded-origin"
_answer = app.app


async def guarded(scope, receive, send):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Answer a program; refuse a page, whatever it asks for, be it a live connection."""
    refused = None if scope["type"] == "lifespan" else admission.refusal_of_pages(_PORT, headers(scope))
    if refused is not None:
        await refuse(refused, scope, receive, send)  # type: ignore[no-untyped-call]
    elif kept is not None and scope.get("path") == "/_partyline/state":
        await keep(kept, scope, receive, send)  # type: ignore[no-untyped-call]
    else:
        if kept is not None and scope.get("path") != "/_ministack/health":
            kept.count()
        # No page can set this header: a request with it is preceded by a preflight, which is refused here.
        told = [(b"origin" if name == _FORWARDED_ORIGIN else name, value) for name, value in scope.get("headers", ())]
        await _answer({**scope, "headers": told}, receive, send)


async def refuse(reason, scope, receive, send):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Answer a page with 403."""
    if scope["type"] == "websocket":
        await receive()
        # Before a connection is accepted this is a 403.
        await send({"type": "websocket.close"})
    else:
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": reason.encode()})


async def keep(state, scope, receive, send):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Say whether there is something new to keep (GET), or keep it (POST, whose body is what the carriers have)."""
    if scope["method"] == "GET":
        status, body = 200, json.dumps({"changed": state.has_changed})
    else:
        network, more = b"", True
        while more:
            part = await receive()
            network, more = network + part.get("body", b""), part.get("more_body", False)
        status, body = 204, ""
        try:
            await state.save(network.decode(), at_last="last" in parse_qs(scope["query_string"].decode()))
        except Busy:
            status = 409
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body.encode()})


def headers(scope: dict[str, Any]) -> admission.Headers:
    """All values of each header of a request."""
    values: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return values


app.app = guarded
emulator_expressions.install()
hypercorn.asyncio.serve = emulator_server.serve

kept = (
    State(Path(os.environ["KEPT_STATE"]), f"http://{os.environ['BIND_HOST']}:{_PORT}")
    if "KEPT_STATE" in os.environ
    else None
)
if kept is not None:
    # What it does at its start where it keeps its state by itself.
    app.PERSIST_STATE, app._load_persisted_state, app.save_all = True, kept.restore, lambda _: None  # noqa: SLF001

_execute = lambda_svc._execute_function  # noqa: SLF001


def execute(func, event):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Call a function. A batch of a stream that it answers for in part is taken for failed: all of it comes again."""
    result = _execute(func, event)
    body = result.get("body")
    records = event.get("Records") if isinstance(event, dict) else None
    if records and "dynamodb" in records[0] and isinstance(body, dict) and body.get("batchItemFailures"):
        return {**result, "error": True}
    return result


lambda_svc._execute_function = execute  # noqa: SLF001

_make_token = cognito._fake_token  # noqa: SLF001


def make_token(sub, pool_id, client_id, kind="access", username="", **more):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN201
    """A token of a user pool; where the emulator names no groups, those that the user is in now."""
    pool = cognito._get_pool_unscoped(pool_id) or {}  # noqa: SLF001
    user = pool.get("_users", {}).get(username, {})
    groups = more.pop("groups", None) or user.get("_groups")
    return _make_token(sub, pool_id, client_id, kind, username=username, groups=groups, **more)


cognito._fake_token = make_token  # noqa: SLF001

if __name__ == "__main__":
    orphans.end_with_parent()
    app.main()

"""What clients of AWS are asked in this process: those of the SDK and our own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

from partyline.aws.json_client import JsonClient


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request: the service and the operation by their names, and the parameters as the SDK has them."""

    service: str
    operation: str
    parameters: Mapping[str, Any]


Send = Callable[[], Any]
Intercept = Callable[[AwsRequest, Send], Any]


@contextmanager
def intercepted(intercept: Intercept) -> Iterator[None]:
    """Ask `intercept` for the answer to each request meanwhile; it can send the request on."""
    sdk: Any = BaseClient
    send, call = sdk._make_api_call, JsonClient.call

    def send_by_sdk(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        request = AwsRequest(client.meta.service_model.service_name, operation, parameters)
        return intercept(request, lambda: send(client, operation, parameters))

    def send_directly(client: JsonClient, operation: str, parameters: Mapping[str, Any]) -> Any:
        request = AwsRequest(client.service.name, operation, parameters)
        return intercept(request, lambda: call(client, operation, parameters))

    with patch.object(sdk, "_make_api_call", send_by_sdk), patch.object(JsonClient, "call", send_directly):
        yield


@contextmanager
def recorded() -> Iterator[list[AwsRequest]]:
    """Record the requests that are made meanwhile, as they are made."""
    made: list[AwsRequest] = []

    def record(request: AwsRequest, send: Send) -> Any:
        # A batch's keys are taken out of it as they are read.
        made.append(copy.deepcopy(request))
        return send()

    with intercepted(record):
        yield made

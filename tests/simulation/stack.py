"""What template.yaml says of the functions that a history runs: their queues, their stream, their time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.support.stack_template import TEMPLATE, of_type, refers


@dataclass(frozen=True)
class QueueSettings:
    """A queue. Times are in seconds. `dead_letters` is the queue of what was received `most_receives` times."""

    name: str
    is_fifo: bool
    visibility: float
    delay: float
    dead_letters: str
    most_receives: int


@dataclass(frozen=True)
class Consumer:
    """A function that is given the messages of a queue, in batches, so many at a time."""

    function: str
    queue: str
    batch: int
    concurrency: int


@cache
def functions() -> dict[str, dict[str, Any]]:
    """The properties of each function, by the name of its directory."""
    found = of_type("AWS::Serverless::Function").values()
    return {one["CodeUri"].removeprefix("functions/"): one for one in found if isinstance(one["CodeUri"], str)}


@cache
def time_limit(function: str) -> float:
    """How many seconds an invocation may take."""
    return float(_value(functions()[function]["Timeout"]))


def _value(given: Any) -> Any:
    """A number, or the default of the parameter that stands for it."""
    return TEMPLATE["Parameters"][given["Ref"]]["Default"] if isinstance(given, dict) else given


def queues() -> list[QueueSettings]:
    """Every queue of the stack."""
    return [_queue(name, properties) for name, properties in of_type("AWS::SQS::Queue").items()]


def _queue(name: str, properties: dict[str, Any]) -> QueueSettings:
    redrive = properties.get("RedrivePolicy", {})
    return QueueSettings(
        name,
        is_fifo=properties.get("FifoQueue", False),
        visibility=float(_value(properties.get("VisibilityTimeout", 30))),
        delay=float(_value(properties.get("DelaySeconds", 0))),
        dead_letters=refers(redrive["deadLetterTargetArn"]) if redrive else "",
        most_receives=int(redrive.get("maxReceiveCount", 1_000_000)),
    )


def consumers(function: str) -> list[Consumer]:
    """The queues of a function."""
    events = functions()[function].get("Events", {}).values()
    return [
        Consumer(
            function,
            refers(one["Properties"]["Queue"]),
            one["Properties"]["BatchSize"],
            int(_value(one["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency", 2))),
        )
        for one in events
        if one["Type"] == "SQS"
    ]


@cache
def stream() -> dict[str, Any]:
    """The properties of the relay's stream."""
    (found,) = [one for one in functions()["relay"]["Events"].values() if one["Type"] == "DynamoDB"]
    properties: dict[str, Any] = found["Properties"]
    return properties


def environment() -> dict[str, str]:
    """The environment variables of all functions that follow from the template: queues, defaults of parameters, values.

    The URL of a queue is its name.
    """
    names = {one.name for one in queues()}
    found: dict[str, str] = {}
    for properties in functions().values():
        for name, value in properties.get("Environment", {}).get("Variables", {}).items():
            named = value.get("Ref", "") if isinstance(value, dict) else ""
            if named in names:
                found[name] = named
            elif named in TEMPLATE["Parameters"]:
                found[name] = str(TEMPLATE["Parameters"][named].get("Default", ""))
            elif not isinstance(value, dict):
                found[name] = str(value)
    return found

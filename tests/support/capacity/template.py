"""The numbers of template.yaml, for some parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local import expansion
from local.intrinsics import Intrinsics
from tests.support.capacity.units import TableIndex

# What a new table on demand takes a second, where the template does not warm it.
_NEW_TABLE = {"WriteUnitsPerSecond": 4_000, "ReadUnitsPerSecond": 12_000}


@dataclass(frozen=True, slots=True)
class QueueSource:
    """A queue that calls a function: with `batch_size` messages, at most `concurrency` times at once."""

    function: str
    queue: str
    batch_size: int
    concurrency: int | None


@dataclass(frozen=True)
class StackTemplate:
    """The template with some parameters. A function is named by its folder in functions/, a queue by its logical id."""

    parameters: Mapping[str, str]

    @cached_property
    def resources(self) -> dict[str, Any]:
        """The resources; references to parameters are resolved."""
        source = expansion.read_source()
        unknown = self.parameters.keys() - source["Parameters"].keys()
        if unknown:
            raise ValueError(f"the template has no parameter {', '.join(sorted(unknown))}")
        resolved: dict[str, Any] = Intrinsics(source, self.parameters).resolve(source["Resources"])
        return resolved

    def function(self, name: str) -> dict[str, Any]:
        """The properties of a function."""
        found: dict[str, Any] = self.resources[f"{name.title()}Function"]["Properties"]
        return found

    def memory(self, function: str) -> int:
        """Return the memory of a function in megabytes."""
        return int(self.function(function).get("MemorySize", self._common_memory))

    @cached_property
    def _common_memory(self) -> int:
        source = expansion.read_source()
        return int(Intrinsics(source, self.parameters).resolve(source["Globals"]["Function"]["MemorySize"]))

    @cached_property
    def common_variables(self) -> dict[str, str]:
        """The variables that all functions have, without those that only a deployment knows."""
        source = expansion.read_source()
        found = Intrinsics(source, self.parameters).resolve(source["Globals"]["Function"]["Environment"]["Variables"])
        return {name: value for name, value in found.items() if isinstance(value, str)}

    # --- the table and its stream

    @property
    def table(self) -> dict[str, Any]:
        """The properties of the table."""
        found: dict[str, Any] = self.resources["Table"]["Properties"]
        return found

    @property
    def indexes(self) -> list[TableIndex]:
        """The indexes of the table."""
        return [
            TableIndex(one["IndexName"], tuple(key["AttributeName"] for key in one["KeySchema"]))
            for one in self.table["GlobalSecondaryIndexes"]
        ]

    @property
    def warm_units(self) -> tuple[int, int]:
        """How many write and read units a second the table takes from the first moment on."""
        warmed = {**_NEW_TABLE, **self.table.get("WarmThroughput", {})}
        return int(warmed["WriteUnitsPerSecond"]), int(warmed["ReadUnitsPerSecond"])

    @cached_property
    def stream(self) -> dict[str, Any]:
        """The properties of what calls the relay."""
        [found] = [one for one in self._events("relay") if one["Type"] == "DynamoDB"]
        properties: dict[str, Any] = found["Properties"]
        return properties

    # --- the gateway

    def limit(self, path: str, method: str) -> int:
        """How many requests a second the gateway takes by a method: its own limit, or that of all methods."""
        settings = {
            (one["ResourcePath"].replace("~1", "/").removeprefix("/"), one["HttpMethod"]): one
            for one in self.resources["Api"]["Properties"]["MethodSettings"]
        }
        found = settings.get((path, method)) or settings["*", "*"]
        return int(found["ThrottlingRateLimit"])

    # --- queues and functions

    @property
    def queues(self) -> dict[str, dict[str, Any]]:
        """The properties of the queues."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == "AWS::SQS::Queue"
        }

    @property
    def queue_sources(self) -> list[QueueSource]:
        """The queues that call functions."""
        return [
            QueueSource(
                function,
                event["Properties"]["Queue"]["Fn::GetAtt"][0],
                int(event["Properties"]["BatchSize"]),
                _concurrency(event["Properties"]),
            )
            for function in self._functions()
            for event in self._events(function)
            if event["Type"] == "SQS"
        ]

    def reserved(self, function: str) -> int | None:
        """How many executions are reserved for a function, if any."""
        found = self.function(function).get("ReservedConcurrentExecutions")
        return int(found) if isinstance(found, int | str) and int(found) > 0 else None

    def _functions(self) -> Iterator[str]:
        for resource in self.resources.values():
            if resource["Type"] == "AWS::Serverless::Function":
                yield resource["Properties"]["CodeUri"].removeprefix("functions/")

    def _events(self, function: str) -> list[dict[str, Any]]:
        return list(self.function(function).get("Events", {}).values())


def _concurrency(source: Mapping[str, Any]) -> int | None:
    found = source.get("ScalingConfig", {}).get("MaximumConcurrency")
    return int(found) if found else None

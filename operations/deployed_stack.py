"""A stack on AWS: its Outputs and its resources by their names in the template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack by its name. Its Outputs are read once."""

    name: str
    cloudformation: Any
    _outputs: dict[str, str] = field(default_factory=dict)

    @property
    def outputs(self) -> dict[str, str]:
        """The Outputs by name."""
        if not self._outputs:
            [stack] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
            self._outputs.update({one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])})
        return self._outputs

    def find_resource(self, logical_id: str) -> str:
        """Return the physical id of a resource."""
        found = self.cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def list_resources(self, kind: str) -> Iterator[str]:
        """List the physical ids of all resources of a type."""
        for page in self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name):
            yield from (
                one["PhysicalResourceId"] for one in page["StackResourceSummaries"] if one["ResourceType"] == kind
            )

"""The template as the tests of the project read it: its resources, by type, and what they refer to."""

from __future__ import annotations

from typing import Any

from local.expansion import read_source

TEMPLATE: dict[str, Any] = read_source()
RESOURCES: dict[str, dict[str, Any]] = TEMPLATE["Resources"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of the resources of a type, by their logical IDs."""
    return {name: entry["Properties"] for name, entry in RESOURCES.items() if entry["Type"] == kind}


def refers(value: Any) -> str:
    """The resource that a Ref or GetAtt names."""
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])


def watched(alarm: dict[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Namespace, name and dimensions of each metric that an alarm is about; nothing for one that asks a query."""
    if "MetricName" in alarm:
        return [(alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"])]
    metrics = [entry["MetricStat"]["Metric"] for entry in alarm["Metrics"] if "MetricStat" in entry]
    return [(metric["Namespace"], metric["MetricName"], metric.get("Dimensions", [])) for metric in metrics]

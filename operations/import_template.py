"""The template that gives what a stack must keep to a new stack, by CloudFormation's import. Pure.

It has these resources only, as the whole template has them, with the parameters and conditions that they name: an
import can add nothing else. The whole template is deployed over it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# The resources that hold what a stack knows.
IMPORTED = ("Table", "MediaBucket", "AuthSecret", "KeysSecret", "CarriersSecret", "OptOutsSecret")
# By which property CloudFormation identifies a resource that is imported.
_IDENTIFIERS = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SecretsManager::Secret": "Id",
}


def build_import_template(template: dict[str, Any]) -> dict[str, Any]:
    """Build the template of the import from the whole template, in its form with `Fn::` names."""
    # Whatever becomes of the import, nothing of a backup goes with it.
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    resources = {name: {**template["Resources"][name], **kept} for name in IMPORTED}
    conditions = _collect_conditions(template, resources)
    used = set(_list_references([resources, conditions]))
    parameters = {name: one for name, one in template["Parameters"].items() if name in used}
    built = {
        "AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"],
        "Description": template["Description"],
        "Parameters": parameters,
        "Conditions": conditions,
        "Resources": resources,
    }
    return {name: part for name, part in built.items() if part}


def list_resources_to_import(template: dict[str, Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """List what an import change set must know of the resources: `names` has the physical name of each."""
    kinds = {logical_id: template["Resources"][logical_id]["Type"] for logical_id in IMPORTED}
    return [
        {
            "ResourceType": kind,
            "LogicalResourceId": logical_id,
            "ResourceIdentifier": {_IDENTIFIERS[kind]: names[logical_id]},
        }
        for logical_id, kind in kinds.items()
    ]


def _collect_conditions(template: dict[str, Any], resources: dict[str, Any]) -> dict[str, Any]:
    """Collect the conditions that resources name, and those that these name."""
    found: dict[str, Any] = {}
    names = set(_list_conditions(resources))
    while names - found.keys():
        found |= {name: template["Conditions"][name] for name in names}
        names |= set(_list_conditions(found))
    return found


def _list_conditions(value: Any) -> Iterator[str]:
    """List the conditions that a part of a template names."""
    match value:
        case {"Fn::If": [str(name), *branches]}:
            yield name
            yield from _list_conditions(branches)
        case {"Condition": str(name), **others}:
            yield name
            yield from _list_conditions(others)
        case dict():
            yield from _list_conditions(list(value.values()))
        case list():
            for one in value:
                yield from _list_conditions(one)


def _list_references(value: Any) -> Iterator[str]:
    """List the names that a part of a template refers to, by Ref or in the text of a Sub."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from (part.partition("}")[0] for part in text.split("${")[1:])
        case dict():
            yield from _list_references(list(value.values()))
        case list():
            for one in value:
                yield from _list_references(one)

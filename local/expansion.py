"""The template as CloudFormation gets it. `make check` lints it too: SAM's own linting looks at its source only.

`python -m local.expansion FILE` writes it down as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from local.environments import ROOT

TEMPLATE = ROOT / "template.yaml"


class Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short functions, as their long ones."""


def _function(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # there are these three kinds
    if suffix == "GetAtt":
        value = value.split(".")
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", _function)


class _NoPolicies:
    """SAM's policies by name, of which the template uses none."""

    def load(self) -> dict[str, str]:
        return {}


def read_source() -> dict[str, Any]:
    """The template as it is written."""
    source: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader)  # noqa: S506  (a safe loader, with functions)
    return source


def expand(change: Callable[[dict[str, Any]], None] = lambda _source: None) -> dict[str, Any]:
    """The whole expanded template, changed before if given a change. Code that the change gives no place has a made-up
    one."""
    # It asks for the region's name.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from samtranslator.translator.transform import transform  # noqa: PLC0415  (half a second, for the few that need it)

    # A node with an alias is one object, and SAM changes what it reads.
    source = json.loads(json.dumps(read_source()))
    change(source)
    for resource in source["Resources"].values():
        if resource["Type"].startswith("AWS::Serverless::"):
            for place in {"CodeUri", "ContentUri"} & set(resource["Properties"]):
                if not resource["Properties"][place].startswith("s3://"):
                    resource["Properties"][place] = "s3://bucket/key"
    result: dict[str, Any] = transform(source, {}, _NoPolicies())
    return result


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(expand(), indent=1))

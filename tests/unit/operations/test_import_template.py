"""The template of the import has what it refers to, and CloudFormation's own rules hold for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from local.expansion import read_source
from operations import restore
from operations.import_template import IMPORTED, build_import_template


def test_only_what_must_be_kept_is_imported_as_the_stack_has_it() -> None:
    whole, built = read_source(), build_import_template(read_source())

    assert tuple(built["Resources"]) == IMPORTED
    for name, resource in built["Resources"].items():
        assert resource["Properties"] == whole["Resources"][name]["Properties"]
        # An import that fails may not take what it was to import with it.
        assert resource["DeletionPolicy"] == "Retain"
    assert "Transform" not in built


def test_conditions_come_with_the_conditions_and_parameters_that_they_name() -> None:
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "x",
        "Parameters": {"A": {}, "B": {}, "C": {}, "Other": {}},
        "Conditions": {
            "First": {"Fn::And": [{"Condition": "Second"}, {"Fn::Equals": [{"Ref": "A"}, ""]}]},
            "Second": {"Fn::Not": [{"Fn::Equals": [{"Ref": "B"}, ""]}]},
            "Other": {"Fn::Equals": [{"Ref": "Other"}, ""]},
        },
        "Resources": {
            "Table": {"Type": "T", "Properties": {"X": {"Fn::If": ["First", {"Fn::Sub": "${C}-x"}, 1]}}},
            **{name: {"Type": "B", "Properties": {}} for name in IMPORTED[1:]},
            "Function": {"Type": "F", "Condition": "Other", "Properties": {}},
        },
    }
    built = build_import_template(template)

    assert set(built["Conditions"]) == {"First", "Second"}
    assert set(built["Parameters"]) == {"A", "B", "C"}


def test_template_is_valid(tmp_path: Path) -> None:
    names = [f"{name}-name" for name in IMPORTED]
    assert restore.main(["files", *names, "--directory", str(tmp_path)]) == 0
    template, resources = tmp_path / "import.json", tmp_path / "resources.json"
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), template], capture_output=True, text=True, check=False
    )

    assert (linted.returncode, linted.stdout) == (0, "")
    listed = {one["LogicalResourceId"]: one["ResourceIdentifier"] for one in json.loads(resources.read_text())}
    assert listed == {
        "Table": {"TableName": "Table-name"},
        "MediaBucket": {"BucketName": "MediaBucket-name"},
        "AuthSecret": {"Id": "AuthSecret-name"},
        "KeysSecret": {"Id": "KeysSecret-name"},
        "CarriersSecret": {"Id": "CarriersSecret-name"},
        "OptOutsSecret": {"Id": "OptOutsSecret-name"},
    }

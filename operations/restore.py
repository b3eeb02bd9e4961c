"""Make a stack of a backup (docs/backup.md): `python -m operations.restore STEP`.

prepare   gives a restored table what a restore leaves out: stream, expiry and point-in-time recovery, and the note
          that it is a copy, so that no text is sent that may have left already
files     writes the template of the import and the list of its resources into a directory
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.expansion import read_source
from operations import import_template
from partyline.storage import restorations
from partyline.storage.table import Table


def prepare(dynamodb: Any, name: str, now: datetime) -> None:
    """Give a restored table what the template's table has and a restore leaves out, and note that it is a copy.

    Can be repeated. The note comes first: no stack may use the table without it.
    """
    restorations.record(Table(dynamodb, name), now)
    properties = read_source()["Resources"]["Table"]["Properties"]
    if not dynamodb.describe_table(TableName=name)["Table"].get("StreamSpecification", {}).get("StreamEnabled"):
        stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
        dynamodb.update_table(TableName=name, StreamSpecification=stream)
        dynamodb.get_waiter("table_exists").wait(TableName=name)
    if properties.get("DeletionProtectionEnabled"):
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
        dynamodb.get_waiter("table_exists").wait(TableName=name)
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"]
    if expiry not in ("ENABLED", "ENABLING"):
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification=dict(properties["TimeToLiveSpecification"])
        )
    recovery = dict(properties["PointInTimeRecoverySpecification"])
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)


def write_files(names: Sequence[str], directory: Path) -> list[Path]:
    """Write the template of the import and the list of its resources, by their names; return where."""
    source = read_source()
    physical = dict(zip(import_template.IMPORTED, names, strict=True))
    directory.mkdir(parents=True, exist_ok=True)
    template, resources = directory / "import.json", directory / "resources.json"
    template.write_text(json.dumps(import_template.build_import_template(source), indent=1))
    resources.write_text(json.dumps(import_template.list_resources_to_import(source, physical), indent=1))
    return [template, resources]


def _build_client(service: str) -> Any:
    client: Any = boto3.client
    return client(service)


def main(arguments: Sequence[str] | None = None, build_client: Callable[[str], Any] = _build_client) -> int:
    """Run one step of a restore; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m operations.restore", description=__doc__.partition("\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    steps.add_parser("prepare", help="complete a restored table").add_argument("table", help="its name")
    files = steps.add_parser("files", help="write the files of the import")
    for name in import_template.IMPORTED:
        files.add_argument(name, help="the name, of a secret the ARN, of what becomes this resource")
    files.add_argument("--directory", type=Path, default=Path(".partyline/restore"))
    given = parser.parse_args(arguments)
    if given.step == "files":
        for path in write_files([getattr(given, name) for name in import_template.IMPORTED], given.directory):
            print(path)
        return 0
    try:
        prepare(build_client("dynamodb"), given.table, datetime.now(UTC))
    except ClientError as error:
        print(f"not prepared: {error.response['Error']['Code']}")
        return 1
    print(f"{given.table} is ready for the import")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

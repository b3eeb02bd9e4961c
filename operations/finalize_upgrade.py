"""Finalize an upgrade (docs/upgrading.md): `python -m operations.finalize_upgrade STACK`, then the same with `--yes`.

Until then a new release writes what the release before can read, so that it can be taken back. With `--yes` the level
of the table's stored format is raised to the one of the release that the stack runs, for good. Without it, nothing is
changed. Both refuse while an older release may still run. It can be run again at any time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from operations.deployed_stack import DeployedStack
from partyline.storage import stored_format
from partyline.storage.table import Table

# The Output with the level of the deployed release.
LEVEL = "FormatLevel"
ALIAS = "current"
# The longest that Lambda runs what was called before the stack was updated.
LONGEST_RUN = timedelta(minutes=15)


def list_obstacles(stack: DeployedStack, functions: Any, now: datetime) -> Iterator[str]:
    """List why an older release may still run; `functions` is Lambda's client."""
    if LEVEL not in stack.outputs:
        yield "the stack runs a release that knows no level: deploy this release first"
        return
    [described] = stack.cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
    # The newest one first. A rollout may take longer than the quarter of an hour, and ends with an event.
    events = stack.cloudformation.describe_stack_events(StackName=stack.name)["StackEvents"]
    status, updated = described["StackStatus"], events[0]["Timestamp"]
    if not status.endswith("_COMPLETE"):
        yield f"the stack is being changed, or that failed: {status}"
    if now - updated < LONGEST_RUN:
        yield f"the stack was updated less than {LONGEST_RUN.seconds // 60} minutes ago"
    for name in stack.list_resources("AWS::Lambda::Function"):
        alias = functions.get_alias(FunctionName=name, Name=ALIAS)
        if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            yield f"{name} is still called in two versions"
        elif _find_release(functions, name, ALIAS) != _find_release(functions, name, "$LATEST"):
            yield f"{name} was taken back to an earlier release"


def _find_release(functions: Any, name: str, qualifier: str) -> str | None:
    found = functions.get_function_configuration(FunctionName=name, Qualifier=qualifier)
    variables: dict[str, str] = found.get("Environment", {}).get("Variables", {})
    return variables.get("RELEASE")


def _build_client(service: str) -> Any:
    client: Any = boto3.client
    return client(service)


def main(
    arguments: Sequence[str] | None = None,
    build_client: Callable[[str], Any] = _build_client,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Finalize an upgrade; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m operations.finalize_upgrade", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("stack", help="the name of the stack")
    parser.add_argument("--yes", action="store_true", help="raise the level; there is no way back")
    given = parser.parse_args(arguments)
    stack = DeployedStack(given.stack, build_client("cloudformation"))
    obstacles = [*list_obstacles(stack, build_client("lambda"), now())]
    if obstacles:
        print("not now:", *obstacles, sep="\n  ")
        return 1
    table, level = Table(build_client("dynamodb"), stack.outputs["TableName"]), int(stack.outputs[LEVEL])
    before = stored_format.fetch_level(table)
    if before >= level:
        print(f"nothing to do: the stored format has level {before}")
    elif given.yes:
        stored_format.raise_level(table, level)
        print(f"done: the stored format has level {level}")
    else:
        print(f"ready: level {before} becomes {level} with --yes. Earlier releases cannot run on this table then.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Versions of the functions: what publishes one, what calls it, and how work moves to it. Read as SAM expands it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from local import expansion

ROOT = Path(__file__).parents[2]
SOURCE = expansion.read_source()
FUNCTIONS = {
    name: entry["Properties"]
    for name, entry in SOURCE["Resources"].items()
    if entry["Type"] == "AWS::Serverless::Function"
}
BEHIND_AN_API = {f"{name}Function" for name in ("Authorizer", "Connections", "Conversations", "Inbound", "Links")} | {
    "PagesFunction",
    "SigninFunction",
}
GRADUAL = [rollout for rollout in SOURCE["Parameters"]["Rollout"]["AllowedValues"] if rollout != "AllAtOnce"]

Resources = dict[str, dict[str, Any]]


def expand(change: Callable[[dict[str, Any]], None] = lambda _: None) -> Resources:
    resources: Resources = expansion.expand(change)["Resources"]
    return resources


@pytest.fixture(scope="module")
def expanded() -> Resources:
    return expand()


def of_type(kind: str, resources: Resources) -> Resources:
    return {name: entry for name, entry in resources.items() if entry["Type"] == kind}


def versions(resources: Resources) -> dict[str, str]:
    """The logical id of the version that each function's alias points at: another one is a published version."""
    return {
        alias["Properties"]["FunctionName"]["Ref"]: alias["Properties"]["FunctionVersion"]["Fn::GetAtt"][0]
        for alias in of_type("AWS::Lambda::Alias", resources).values()
    }


def named(value: Any) -> Iterator[str]:
    """Every resource that a value refers to."""
    match value:
        case {"Ref": name}:
            yield name
        case {"Fn::GetAtt": [name, *_]}:
            yield name
        case {"Fn::Sub": given}:
            text, values = (given, {}) if isinstance(given, str) else given
            yield from re.findall(r"\$\{(\w+)", text)
            yield from named(values)
        case dict():
            for inner in value.values():
                yield from named(inner)
        case list():
            for inner in value:
                yield from named(inner)


# --- what is called


def test_every_function_has_an_alias_at_its_newest_version_and_versions_stay(expanded: Resources) -> None:
    published = of_type("AWS::Lambda::Version", expanded)

    assert set(versions(expanded)) == set(FUNCTIONS)
    assert set(versions(expanded).values()) == set(published)
    assert {alias["Properties"]["Name"] for alias in of_type("AWS::Lambda::Alias", expanded).values()} == {"current"}
    assert {version["DeletionPolicy"] for version in published.values()} == {"Retain"}
    for name, version in versions(expanded).items():
        assert expanded[version].get("Condition") == expanded[name].get("Condition")


def test_whatever_calls_a_function_calls_its_alias(expanded: Resources) -> None:
    """Else it would call a function while CloudFormation replaces its code and its layer, one after the other."""
    # These are for the function as a whole: its versions, its metrics, and the right to move its alias.
    whole = {"AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::IAM::Role"}
    whole |= {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"}
    unversioned = {
        name: functions
        for name, entry in expanded.items()
        if entry["Type"] not in whole and (functions := set(named(entry["Properties"])) & set(FUNCTIONS))
    }

    assert unversioned == {}


@pytest.mark.parametrize(
    "kind",
    [
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGatewayV2::Integration",
        "AWS::Events::Rule",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
    ],
)
def test_each_kind_of_caller_names_aliases(kind: str, expanded: Resources) -> None:
    callers = of_type(kind, expanded)
    aliases = set(of_type("AWS::Lambda::Alias", expanded))

    assert callers
    for name, caller in callers.items():
        assert set(named(caller["Properties"])) & aliases, name


# --- what publishes


def change_layer(name: str) -> Callable[[dict[str, Any]], None]:
    def change(source: dict[str, Any]) -> None:
        source["Resources"][name]["Properties"]["ContentUri"] = "s3://bucket/another"

    return change


def change_code(source: dict[str, Any]) -> None:
    source["Resources"]["InboundFunction"]["Properties"]["CodeUri"] = "s3://bucket/another"


def change_timeout(source: dict[str, Any]) -> None:
    source["Resources"]["InboundFunction"]["Properties"]["Timeout"] = 9


def change_release(source: dict[str, Any]) -> None:
    source["Globals"]["Function"]["Environment"]["Variables"]["RELEASE"] = "another"


def change_alarm(source: dict[str, Any]) -> None:
    source["Resources"]["InboundErrorsAlarm"]["Properties"]["Threshold"] = 2


def change_role(source: dict[str, Any]) -> None:
    del source["Resources"]["InboundFunctionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]


@pytest.mark.parametrize(
    ("change", "published"),
    [
        (change_layer("PartylineLayer"), set(FUNCTIONS) - {"PagesFunction"}),
        (change_layer("CryptographyLayer"), {"PushFunction"}),
        (change_code, {"InboundFunction"}),
        (change_timeout, {"InboundFunction"}),
        (change_release, set(FUNCTIONS)),
        # PublishVersion refuses a version of what has not changed, and the deployment would fail.
        (change_alarm, set()),
        (change_role, set()),
    ],
)
def test_change_of_code_layer_or_configuration_publishes_those_that_have_it(
    change: Callable[[dict[str, Any]], None], published: set[str], expanded: Resources
) -> None:
    before, after = versions(expanded), versions(expand(change))

    assert {name for name in FUNCTIONS if before[name] != after[name]} == published


def test_every_build_names_a_release_because_a_parameters_value_publishes_nothing(expanded: Resources) -> None:
    def change(source: dict[str, Any]) -> None:
        source["Parameters"]["GroupLimit"]["Default"] = 11

    assert versions(expand(change)) == versions(expanded)
    build = (ROOT / "Makefile").read_text().partition("\nbuild:")[2].partition("\n\n")[0]
    assert build.rstrip().endswith("-m local.release .aws-sam/build/template.yaml")


# --- how work moves


def test_aliases_move_at_once_by_default_without_codedeploy(expanded: Resources) -> None:
    assert SOURCE["Parameters"]["Rollout"]["Default"] == "AllAtOnce"
    assert not [name for name, entry in expanded.items() if entry["Type"].startswith("AWS::CodeDeploy::")]
    assert not [name for name, entry in expanded.items() if "UpdatePolicy" in entry]


def test_every_rollout_is_in_the_mapping_that_sam_reads() -> None:
    mapping = SOURCE["Mappings"]["Rollouts"]

    assert list(mapping) == SOURCE["Parameters"]["Rollout"]["AllowedValues"]
    assert {rollout for rollout, entry in mapping.items() if entry["Gradual"] == "true"} == set(GRADUAL)


@pytest.mark.parametrize("rollout", [GRADUAL[0], GRADUAL[-1]])
def test_gradual_rollout_moves_requests_by_codedeploy_and_back_when_an_alarm_rings(rollout: str) -> None:
    def change(source: dict[str, Any]) -> None:
        source["Parameters"]["Rollout"]["Default"] = rollout

    resources = expand(change)
    moved = {name for name in FUNCTIONS if "UpdatePolicy" in resources[f"{name}Aliascurrent"]}
    # Workers of two versions would read each other's queue messages: they move at once.
    assert moved == BEHIND_AN_API
    # CodeDeploy's own policy is for all functions of the account.
    assert "CodeDeployServiceRole" not in resources
    [policy] = resources["RolloutRole"]["Properties"]["Policies"]
    _, move, wait = policy["PolicyDocument"]["Statement"]
    assert set(named(move["Resource"])) - {"AWS::NoValue"} == moved
    assert set(named(wait["Resource"])) == {name for name in moved if "ProvisionedConcurrencyConfig" in FUNCTIONS[name]}
    for name in moved:
        update = resources[f"{name}Aliascurrent"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        group = resources[update["DeploymentGroupName"]["Ref"]]
        alarms = [alarm["Name"]["Ref"] for alarm in group["Properties"]["AlarmConfiguration"]["Alarms"]]
        assert group["Properties"]["DeploymentConfigName"]["Fn::Sub"][1] == {"ConfigName": rollout}
        assert group["Properties"]["ServiceRoleArn"] == {"Fn::GetAtt": ["RolloutRole", "Arn"]}
        assert group["Properties"]["AutoRollbackConfiguration"]["Enabled"] is True
        assert group.get("Condition") == resources[name].get("Condition")
        # CodeDeploy takes ten. Each is there whatever the conditions.
        assert len(alarms) <= 10
        assert all("Condition" not in resources[alarm] for alarm in alarms)
        # Whatever answers by the REST API is watched as a whole; texts are what must not be lost.
        assert {"ApiErrorsAlarm", "InboundErrorsAlarm", "QueueRecordFailedAlarm", "OutboxFailedAlarm"} <= set(alarms)


def test_no_resource_of_a_gradual_rollout_needs_itself() -> None:
    """The API needs aliases, which need the alarms and the role of their rollout, which need functions."""

    def change(source: dict[str, Any]) -> None:
        source["Parameters"]["Rollout"]["Default"] = GRADUAL[0]

    resources = expand(change)
    needed = {
        name: set(named([entry.get("Properties", {}), entry.get("UpdatePolicy", {})])) & set(resources)
        for name, entry in resources.items()
    }
    # Raises CycleError, which names the circle.
    assert set(TopologicalSorter(needed).static_order()) == set(resources)


# --- how a function starts

ANSWERED_AT_ONCE = BEHIND_AN_API - {"PagesFunction"}


def test_functions_that_somebody_waits_for_can_start_from_a_snapshot(expanded: Resources) -> None:
    """That of the pages imports next to nothing."""
    with_snapshots = {name for name in FUNCTIONS if "SnapStart" in expanded[name]["Properties"]}

    assert with_snapshots == ANSWERED_AT_ONCE
    for name in with_snapshots:
        chosen = {"ApplyOn": {"Fn::If": ["HasSnapStart", "PublishedVersions", "None"]}}
        assert expanded[name]["Properties"]["SnapStart"] == chosen
    prepared = {
        f"{app.parent.name.title()}Function"
        for app in (ROOT / "functions").glob("*/app.py")
        if re.search(r"(?m)^bootstrap\.prepare_snapshot\(\)$", app.read_text())
    }
    assert prepared == with_snapshots


def test_carriers_and_clients_find_instances_that_were_started_in_advance(expanded: Resources) -> None:
    in_advance = {
        alias["Properties"]["FunctionName"]["Ref"]: alias["Properties"]["ProvisionedConcurrencyConfig"]["Fn::If"]
        for alias in of_type("AWS::Lambda::Alias", expanded).values()
        if "ProvisionedConcurrencyConfig" in alias["Properties"]
    }

    assert set(in_advance) == {"AuthorizerFunction", "ConversationsFunction", "InboundFunction"}
    instances = {"ProvisionedConcurrentExecutions": {"Ref": "ProvisionedConcurrency"}}
    given = ["HasProvisionedConcurrency", instances, {"Ref": "AWS::NoValue"}]
    assert all(value == given for value in in_advance.values())
    assert SOURCE["Parameters"]["ProvisionedConcurrency"]["Default"] == 0


@pytest.mark.parametrize(
    ("instances", "runtime", "allowed"),
    [(0, "python3.13", True), (1, "python3.13", False), (0, "python3.11", False), (0, "python3.12", True)],
)
def test_snapshots_exclude_instances_in_advance_and_the_runtime_without_them(
    instances: int, runtime: str, allowed: bool
) -> None:
    rule = SOURCE["Rules"]["OneWayToStart"]
    given = {"ProvisionedConcurrency": instances, "Runtime": runtime}

    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "SnapStart"}, "true"]}
    assert all(holds(assertion["Assert"], given) for assertion in rule["Assertions"]) is allowed


def holds(condition: dict[str, Any], given: dict[str, Any]) -> bool:
    match condition:
        case {"Fn::Not": [inner]}:
            return not holds(inner, given)
        case {"Fn::Equals": [{"Ref": name}, value]}:
            return bool(given[name] == value)
    raise ValueError(f"no condition {condition}")

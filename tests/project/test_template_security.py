"""Rules of security over the expanded template, with the reviewed exceptions from them and their reasons.

They are what checkov and AWS's own standard ask of the types that this template has
(docs/decisions/0149-what-lints-the-expanded-template.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local import expansion
from local.intrinsics import Intrinsics

Properties = dict[str, Any]


def is_private(bucket: Properties) -> bool:
    block = bucket["PublicAccessBlockConfiguration"]
    owners = bucket["OwnershipControls"]["Rules"]
    return len(block) == 4 and all(block.values()) and owners == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def is_recoverable(table: Properties) -> bool:
    recovery = table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    return recovery is True and table["DeletionProtectionEnabled"] is True


def holds_no_secret(function: Properties) -> bool:
    """Secrets are named by their ARN."""
    secret = ("SECRET", "TOKEN", "PASSWORD", "CREDENTIAL", "API_KEY")
    names = function["Environment"]["Variables"]
    return all(name.endswith(("_ARN", "_URL")) for name in names if any(word in name for word in secret))


def allows_nobody_else(policy: Properties) -> bool:
    statements = (policy.get("PolicyDocument") or policy["KeyPolicy"])["Statement"]
    return all(one["Effect"] == "Deny" or one["Principal"] not in ("*", {"AWS": "*"}) for one in statements)


def is_least(role: Properties) -> bool:
    """It has statements of its own only, each with actions that are named."""
    statements = [one for policy in role.get("Policies", []) for one in policy["PolicyDocument"]["Statement"]]
    actions = [action for one in statements for action in flat(one["Action"])]
    return "ManagedPolicyArns" not in role and not any("*" in action for action in actions)


def names_its_resources(role: Properties) -> bool:
    statements = [one for policy in role.get("Policies", []) for one in policy["PolicyDocument"]["Statement"]]
    return all("*" not in flat(one["Resource"]) for one in statements)


def flat(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# Each rule by its name: the type that it is about, and what holds for the properties of a resource of that type.
RULES: dict[str, tuple[str, Callable[[Properties], object]]] = {
    "a queue is encrypted": ("AWS::SQS::Queue", lambda it: it["SqsManagedSseEnabled"] is True),
    "the table is encrypted": ("AWS::DynamoDB::Table", lambda it: it["SSESpecification"]["SSEEnabled"] is True),
    "the table can be recovered": ("AWS::DynamoDB::Table", is_recoverable),
    "the table has a key of the account": (
        "AWS::DynamoDB::Table",
        lambda it: "KMSMasterKeyId" in it["SSESpecification"],
    ),
    "a bucket is encrypted": ("AWS::S3::Bucket", lambda it: it["BucketEncryption"]),
    "a bucket is private": ("AWS::S3::Bucket", is_private),
    "a bucket has versions": ("AWS::S3::Bucket", lambda it: it["VersioningConfiguration"]["Status"] == "Enabled"),
    "a bucket logs access": ("AWS::S3::Bucket", lambda it: "LoggingConfiguration" in it),
    "a bucket's policy allows nobody else": ("AWS::S3::BucketPolicy", allows_nobody_else),
    "a key's policy allows nobody else": ("AWS::KMS::Key", allows_nobody_else),
    "a secret is generated": ("AWS::SecretsManager::Secret", lambda it: "SecretString" not in it),
    "a secret has a key of the account": ("AWS::SecretsManager::Secret", lambda it: "KmsKeyId" in it),
    "a function is traced": ("AWS::Lambda::Function", lambda it: it["TracingConfig"] == {"Mode": "Active"}),
    "a function's variables hold no secret": ("AWS::Lambda::Function", holds_no_secret),
    "a function has a key of the account": ("AWS::Lambda::Function", lambda it: "KmsKeyArn" in it),
    "a function has executions of its own": ("AWS::Lambda::Function", lambda it: "ReservedConcurrentExecutions" in it),
    "a function has dead letters": ("AWS::Lambda::Function", lambda it: "DeadLetterConfig" in it),
    "a function is in a network of the account": ("AWS::Lambda::Function", lambda it: "VpcConfig" in it),
    "who calls a function is named": ("AWS::Lambda::Permission", lambda it: "SourceArn" in it),
    "a log ends": ("AWS::Logs::LogGroup", lambda it: it["RetentionInDays"]),
    "a log has a key of the account": ("AWS::Logs::LogGroup", lambda it: "KmsKeyId" in it),
    "a role has its own policies only": ("AWS::IAM::Role", is_least),
    "a policy names its resources": ("AWS::IAM::Role", names_its_resources),
    "a stage logs access": ("AWS::ApiGateway::Stage", lambda it: "AccessLogSetting" in it),
    "a stage is traced": ("AWS::ApiGateway::Stage", lambda it: it["TracingEnabled"] is True),
    "a stage of live events logs access": ("AWS::ApiGatewayV2::Stage", lambda it: "AccessLogSettings" in it),
    "a domain takes today's TLS only": ("AWS::ApiGateway::DomainName", lambda it: it["SecurityPolicy"] == "TLS_1_2"),
    "a domain of live events takes today's TLS only": (
        "AWS::ApiGatewayV2::DomainName",
        lambda it: {one["SecurityPolicy"] for one in it["DomainNameConfigurations"]} == {"TLS_1_2"},
    ),
    "staff do not register themselves": (
        "AWS::Cognito::UserPool",
        lambda it: it["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True,
    ),
    "staff have a second factor": ("AWS::Cognito::UserPool", lambda it: it["MfaConfiguration"] == "ON"),
}

AWS_KEYS = "AWS's own key encrypts it. One of the account costs for each request, and all is lost with it."
# The reason why a rule does not hold, for some resources or (None) all of its type.
EXCEPTIONS: dict[str, tuple[set[str] | None, str]] = {
    "the table has a key of the account": (None, AWS_KEYS),
    "a secret has a key of the account": (None, AWS_KEYS),
    "a function has a key of the account": (None, AWS_KEYS),
    "a log has a key of the account": (None, AWS_KEYS),
    "a bucket logs access": (None, "A file is got by a signed link of ours, which is counted, and by functions."),
    "a function has executions of its own": (None, "A parameter reserves them, for an account whose quota allows it."),
    "a function has dead letters": (None, "Queues and the stream have them. What calls directly waits for the answer."),
    "a function is in a network of the account": (None, "It calls carriers and webhooks, and services of AWS by TLS."),
    "a policy names its resources": (
        None,
        "X-Ray has no resources. test_template_policies.py looks at the rest.",
    ),
    "a stage logs access": (None, "A parameter switches it on: it needs a role of the whole account."),
    "a stage of live events logs access": (None, "A parameter switches it on: it needs a role of the whole account."),
    "a stage is traced": (None, "Its traces would hold whole URLs, with a secret and with numbers."),
    "staff have a second factor": (None, "It is offered. An operator who demands it sets it in the pool."),
    "a role has its own policies only": ({"ApiLogsRole"}, "AWS's policy for API Gateway's logs says what it needs."),
}


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    """The resources of a stack with the default parameters, those of other parameters included."""
    expanded = expansion.expand()
    resolved: dict[str, dict[str, Any]] = Intrinsics(expanded, {}).resolve(expanded["Resources"])
    return resolved


def findings(rule: str, resources: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The resources for which a rule does not hold."""
    kind, holds = RULES[rule]
    for name, resource in resources.items():
        if resource["Type"] == kind and not holds(resource["Properties"]):
            yield name


@pytest.mark.parametrize("rule", RULES)
def test_rule_holds_but_for_its_exceptions(rule: str, resources: dict[str, dict[str, Any]]) -> None:
    found = set(findings(rule, resources))
    names, _ = EXCEPTIONS.get(rule, (set(), ""))

    assert any(resource["Type"] == RULES[rule][0] for resource in resources.values())
    # An exception that is not needed any more goes.
    assert found if names is None else found == names


def test_exceptions_are_from_rules() -> None:
    assert set(EXCEPTIONS) <= set(RULES)

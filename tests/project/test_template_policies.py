"""The policies of the roles against the actions and resources that AWS has, as its reference of IAM lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data
from policy_sentry.util.arns import does_arn_match

from tests.support.stack_template import RESOURCES, of_type

# What Ref or an attribute of a resource is: its ARN.
ARNS = {
    "AWS::Cognito::UserPool": "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_x",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:111111111111:table/t",
    "AWS::KMS::Key": "arn:aws:kms:us-east-1:111111111111:key/k",
    # It ends with ":*", which is the group as well as its streams.
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:111111111111:log-group:g:log-stream:s",
    "AWS::S3::Bucket": "arn:aws:s3:::b",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:111111111111:secret:s",
    "AWS::Serverless::Function": "arn:aws:lambda:us-east-1:111111111111:function:f",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:111111111111:q",
}
NOTHING = {"Ref": "AWS::NoValue"}
STREAM = ARNS["AWS::DynamoDB::Table"] + "/stream/s"
EXCEPTIONS = {
    # Lambda says that a stream's function needs it on the stream, and checks it. IAM lists no resources for it.
    ("dynamodb:ListStreams", STREAM.removesuffix("s") + "*"),
    # CodeDeploy asks for composite alarms too, which is allowed for all alarms or not at all.
    ("cloudwatch:DescribeAlarms", "*"),
}
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "111111111111"}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def alternatives(value: Any) -> list[Any]:
    """Every value that a value can be by conditions."""
    if isinstance(value, dict) and "Fn::If" in value:
        return [one for branch in value["Fn::If"][1:] for one in alternatives(branch)]
    return [value]


def arn(value: Any) -> str:
    """An ARN as IAM sees it."""
    match value:
        case {"Fn::GetAtt": ["Table", "StreamArn"]}:
            return STREAM
        case {"Ref": name} | {"Fn::GetAtt": [name, "Arn"]}:
            return ARNS[RESOURCES[name]["Type"]]
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([\w:]+)(\.Arn)?\}", lambda found: named(found[1]), text)
    assert isinstance(value, str)
    return value


def named(name: str) -> str:
    """What a name in a text stands for."""
    return PSEUDO.get(name) or ARNS.get(RESOURCES[name]["Type"], "x")


def statements(role: str) -> Iterator[tuple[list[str], list[str]]]:
    """The actions and the ARNs of each statement of a role, whatever the conditions."""
    for policy in RESOURCES[role]["Properties"].get("Policies", []):
        for given in policy["PolicyDocument"]["Statement"]:
            for statement in alternatives(given):
                if statement != NOTHING:
                    resources = [one for given in listed(statement["Resource"]) for one in alternatives(given)]
                    yield listed(statement["Action"]), [arn(one) for one in resources if one != NOTHING]


def formats(action: str) -> list[str]:
    """The forms of the ARNs on which an action can be allowed; nothing for an action that AWS does not have."""
    service, _, name = action.partition(":")
    return [row["resource_arn_format"] for row in get_action_data(service, name).get(service, [])]


def applies(action: str, resource: str) -> bool:
    """Whether an action can be allowed on a resource. Only one without resources is allowed on all of them."""
    if (action, resource) in EXCEPTIONS:
        return True
    forms = set(formats(action))
    return forms == {"*"} if resource == "*" else any(does_arn_match(resource, form) for form in forms - {"*"})


ROLES = [name for name in of_type("AWS::IAM::Role") if list(statements(name))]


@pytest.mark.parametrize("role", ROLES)
def test_actions_exist_and_apply_to_their_resources(role: str) -> None:
    for actions, resources in statements(role):
        for action in actions:
            assert formats(action), f"{action} does not exist"
            assert any(applies(action, resource) for resource in resources), f"{action} on none of {resources}"
        for resource in resources:
            assert any(applies(action, resource) for action in actions), f"{resource} has none of {actions}"


@pytest.mark.parametrize("role", ROLES)
def test_role_cannot_change_who_may_do_what(role: str) -> None:
    actions = {action for actions, _ in statements(role) for action in actions}
    levels = {
        row["access_level"] for action in actions for row in get_action_data(*action.split(":"))[action.split(":")[0]]
    }

    assert levels <= {"Read", "List", "Write"}
    assert not {action for action in actions if action.split(":")[0] in {"iam", "sts", "organizations"}}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:GetItm", ARNS["AWS::DynamoDB::Table"]),
        ("s3:ListBucket", ARNS["AWS::S3::Bucket"] + "/*"),
        ("sqs:SendMessage", ARNS["AWS::DynamoDB::Table"]),
        ("dynamodb:GetRecords", ARNS["AWS::DynamoDB::Table"]),
        ("dynamodb:GetItem", "*"),
    ],
)
def test_permission_that_allows_nothing_or_everything_is_seen(action: str, resource: str) -> None:
    assert not applies(action, resource)

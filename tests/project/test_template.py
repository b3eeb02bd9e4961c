"""The template against what the linters do not see: event sources, queues, permissions, variables, files."""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import expansion
from local.intrinsics import Intrinsics
from local.stack import PARAMETERS
from partyline.carriers.registry import CARRIERS
from partyline.domain.group_roles import parse_role_mapping
from partyline.domain.sign_in_sessions import SESSION_LIFE
from partyline.http_client import parse_networks
from partyline.media import images, outbound_files
from partyline.outbound.carrier_requester import MAX_ATTEMPTS, REQUEST_SECONDS
from partyline.storage import circuit_breakers, contact_keys, keys
from partyline.stream.relay import REMOVED_KINDS
from partyline.web_push import push_sender
from partyline.webhooks import webhook_request
from tests.support.stack_template import RESOURCES, TEMPLATE, of_type, refers, watched

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())

# Every property that an event source of these kinds has; SAM drops a misspelt one without a word.
EVENT_PROPERTIES = {
    "Api": {"RestApiId", "Path", "Method", "Auth"},
    "DynamoDB": {
        *("Stream", "StartingPosition", "BatchSize", "FilterCriteria"),
        *("BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "DestinationConfig"),
        *("FunctionResponseTypes", "ParallelizationFactor"),
    },
    "Schedule": {"Schedule"},
    "SQS": {"Queue", "BatchSize", "FunctionResponseTypes", "ScalingConfig"},
}


def logical(name: str) -> str:
    return f"{name.title()}Function"


def alternatives(value: Any) -> list[Any]:
    """Every value that a value can be by conditions; nothing for an empty text."""
    if isinstance(value, dict) and "Fn::If" in value:
        return [one for branch in value["Fn::If"][1:] for one in alternatives(branch)]
    return [value] if value else []


def statements(function: str) -> Iterator[dict[str, Any]]:
    """The statements of a function's role, whatever the conditions."""
    [policy] = RESOURCES[f"{function}Role"]["Properties"]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        yield from alternatives(statement)


def listed(value: Any) -> list[Any]:
    """What can be written as one value or as a list."""
    return value if isinstance(value, list) else [value]


def least(value: Any) -> Any:
    """The least that a number can be which may be a parameter."""
    return TEMPLATE["Parameters"][value["Ref"]]["MinValue"] if isinstance(value, dict) else value


def events(kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, function in of_type("AWS::Serverless::Function").items():
        for source, event in function.get("Events", {}).items():
            if event["Type"] == kind:
                yield name, source, event["Properties"]


QUEUES = of_type("AWS::SQS::Queue")
DEAD_LETTERS = {
    refers(queue["RedrivePolicy"]["deadLetterTargetArn"]) for queue in QUEUES.values() if "RedrivePolicy" in queue
}
FAILURES = {refers(event["DestinationConfig"]["OnFailure"]["Destination"]) for _, _, event in events("DynamoDB")}
WORKED = sorted(set(QUEUES) - DEAD_LETTERS - FAILURES)


@pytest.fixture(scope="module")
def expanded() -> dict[str, Any]:
    """The template as CloudFormation gets it: its resources."""
    result: dict[str, Any] = expansion.expand()["Resources"]
    return result


# --- functions


def test_there_is_a_resource_for_each_function_and_a_function_for_each_resource() -> None:
    assert sorted(of_type("AWS::Serverless::Function")) == sorted(logical(name) for name in FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_functions_handler_exists(name: str) -> None:
    function = of_type("AWS::Serverless::Function")[logical(name)]
    module, _, handler = function.get("Handler", TEMPLATE["Globals"]["Function"]["Handler"]).partition(".")
    tree = ast.parse((ROOT / function["CodeUri"] / f"{module}.py").read_text())

    assert handler in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_given_the_variables_that_it_reads_and_no_others(name: str) -> None:
    given = set(of_type("AWS::Serverless::Function")[logical(name)]["Environment"]["Variables"])

    assert given == variables_read(ROOT / "functions" / name / "app.py")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_knows_the_bucket_may_use_it_and_no_other_may(name: str) -> None:
    function = of_type("AWS::Serverless::Function")[logical(name)]

    assert ("MEDIA_BUCKET" in function["Environment"]["Variables"]) == any(
        "s3:" in str(statement["Action"]) for statement in statements(logical(name))
    )


def variables_read(app: Path) -> set[str]:
    """The environment variables that a function reads, by itself and by what it uses of bootstrap and settings."""
    reads = {**reads_by_function("settings"), **reads_by_function("bootstrap")}
    tree = ast.parse(app.read_text())
    found = direct_reads(tree)
    waiting = names_used(tree) & set(reads)
    done: set[str] = set()
    while waiting:
        function = waiting.pop()
        done.add(function)
        found |= reads[function][0]
        waiting |= (reads[function][1] & set(reads)) - done
    return found


@functools.cache
def reads_by_function(module: str) -> dict[str, tuple[set[str], set[str]]]:
    """For each function of a module: the variables that it reads, and the names that it uses."""
    tree = ast.parse((ROOT / "layers" / "partyline" / "partyline" / f"{module}.py").read_text())
    return {
        node.name: (direct_reads(node), names_used(node)) for node in tree.body if isinstance(node, ast.FunctionDef)
    }


def direct_reads(tree: ast.AST) -> set[str]:
    """The names in `variable("NAME")`, and in `os.environ["NAME"]` of a function without the layer."""
    named = [
        node.slice if isinstance(node, ast.Subscript) else node.args[0]
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and node.args and ast.unparse(node.func) == "variable")
        or (isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ")
    ]
    return {node.value for node in named if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def names_used(tree: ast.AST) -> set[str]:
    """Names as they stand, and those of `bootstrap`."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "bootstrap"
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_its_own_log_with_an_end(name: str) -> None:
    logging = of_type("AWS::Serverless::Function")[logical(name)]["LoggingConfig"]
    group = of_type("AWS::Logs::LogGroup")[refers(logging["LogGroup"])]

    assert refers(logging["LogGroup"]) == f"{name.title()}Logs"
    assert logging["LogFormat"] == "JSON"
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("level", TEMPLATE["Parameters"]["LogLevel"]["AllowedValues"])
def test_a_metric_gets_through_at_every_log_level_and_less_important_records_do_not(level: str) -> None:
    """W3."""
    functions = of_type("AWS::Serverless::Function").values()
    [retained] = {function["LoggingConfig"]["ApplicationLogLevel"] for function in functions}
    assert retained == "INFO"
    assert TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == {"Ref": "LogLevel"}
    said = (
        "from partyline.observability import count, logger, metrics\n"
        "count('TextUnrouted'); logger.info('a'); logger.warning('b'); logger.error('c'); metrics.flush()"
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_LAMBDA")},
        "POWERTOOLS_SERVICE_NAME": "partyline",
        "POWERTOOLS_LOG_LEVEL": level,
        "AWS_LAMBDA_LOG_LEVEL": retained,
        "PYTHONPATH": str(ROOT / "layers" / "partyline"),
    }
    run = subprocess.run([sys.executable, "-c", said], env=environment, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    # Lambda takes a line without a level for INFO, and drops what is below the function's level.
    order = ["DEBUG", "INFO", "WARNING", "ERROR"]
    through = [line for line in lines if order.index(line.get("level", "INFO")) >= order.index(retained)]
    assert [line["TextUnrouted"] for line in through if "_aws" in line] == [[1.0]]
    records = {"DEBUG": "abc", "INFO": "abc", "WARN": "bc", "ERROR": "c"}[level]
    assert "".join(line["message"] for line in through if "_aws" not in line) == records


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_sample_events_and_they_are_json(name: str) -> None:
    samples = sorted((ROOT / "events" / name).glob("*.json"))

    assert samples
    for sample in samples:
        assert isinstance(json.loads(sample.read_text()), dict), sample.name


def test_every_sample_event_belongs_to_a_function() -> None:
    assert {path.parent.name for path in (ROOT / "events").glob("*/*")} <= set(FUNCTIONS)


# Grants for all resources, each with the reason that it cannot be narrower.
FOR_ALL_RESOURCES = {
    # X-Ray has no resources that a policy could name.
    ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    # CodeDeploy asks for composite alarms too, which can be allowed for all alarms only.
    ("cloudwatch:DescribeAlarms",),
}
# Policies of AWS, by the roles that have them.
POLICIES_OF_AWS = {
    # The account's role for the logs of all its REST and WebSocket APIs, not of this stack alone.
    "ApiLogsRole": ["AmazonAPIGatewayPushToCloudWatchLogs"],
}


def test_no_role_may_do_more_than_the_template_says(expanded: dict[str, Any]) -> None:
    """SAM gives a function without a role policies of AWS, which are for every queue and log of the account."""
    roles = {name: entry["Properties"] for name, entry in expanded.items() if entry["Type"] == "AWS::IAM::Role"}

    assert {
        name: [str(policy).rpartition("/")[2].rstrip("'}]") for policy in role["ManagedPolicyArns"]]
        for name, role in roles.items()
        if role.get("ManagedPolicyArns")
    } == POLICIES_OF_AWS
    for name, role in roles.items():
        for policy in role.get("Policies", []):
            for given in policy["PolicyDocument"]["Statement"]:
                for statement in alternatives(given):
                    actions = tuple(listed(statement["Action"]))
                    assert statement["Effect"] == "Allow", name
                    assert "*" not in str(actions), name
                    assert "*" not in listed(statement["Resource"]) or actions in FOR_ALL_RESOURCES, name
    assert not [
        name for name, entry in expanded.items() if entry["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
    ]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_has_a_role_of_its_own_under_the_name_that_sam_gave_it(name: str) -> None:
    """The role of a stack that is there is changed, not replaced: published versions go on to use it."""
    function = of_type("AWS::Serverless::Function")[logical(name)]
    role = RESOURCES[f"{logical(name)}Role"]

    assert function["Role"] == {"Fn::GetAtt": [f"{logical(name)}Role", "Arn"]}
    assert "Policies" not in function
    assert role.get("Condition") == RESOURCES[logical(name)].get("Condition")
    [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_writes_its_own_log_only_and_receives_from_its_own_queues_only(name: str) -> None:
    granted: dict[str, Any] = {}
    for statement in statements(logical(name)):
        for action in listed(statement["Action"]):
            # An action of several statements is one on queues: all of them are listed.
            both = [*listed(granted[action]), *listed(statement["Resource"])] if action in granted else None
            granted[action] = both or statement["Resource"]
    consumed = [event["Queue"] for function, _, event in events("SQS") if function == logical(name)]
    followed = [event["Stream"] for function, _, event in events("DynamoDB") if function == logical(name)]

    own_log = {"Fn::GetAtt": [f"{name.title()}Logs", "Arn"]}
    logs = {action: resource for action, resource in granted.items() if action.startswith("logs:")}
    assert logs == {"logs:CreateLogStream": own_log, "logs:PutLogEvents": own_log}
    # Those that are searched for a person who is erased.
    urls = RESOURCES[logical(name)]["Properties"]["Environment"]["Variables"].get("DEAD_LETTERS_URLS")
    searched = [{"Fn::GetAtt": [url["Ref"], "Arn"]} for url in urls["Fn::Join"][1]] if urls else []
    # What Lambda does for an event source, it does by the role of the function.
    measured = [{"Fn::GetAtt": ["OutboundQueue", "Arn"]}] if name == "timers" else []
    for action, more in (("ReceiveMessage", []), ("DeleteMessage", []), ("GetQueueAttributes", measured)):
        assert listed(granted.get(f"sqs:{action}", [])) == [*consumed, *searched, *more]
    for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"):
        assert bool(followed) == (granted.get(f"dynamodb:{action}") == {"Fn::Sub": "${Table.Arn}/stream/*"})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_reads_only_the_secrets_of_its_environment(name: str) -> None:
    function = of_type("AWS::Serverless::Function")[logical(name)]
    allowed = {
        refers(resource)
        for statement in statements(logical(name))
        if statement["Action"] == "secretsmanager:GetSecretValue"
        for resource in listed(statement["Resource"])
    }
    granted = {
        refers(value)
        for variable, given in function["Environment"]["Variables"].items()
        if variable.endswith("_SECRET_ARN")
        for value in alternatives(given)
    }

    assert allowed == granted


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_watched(name: str) -> None:
    metrics = {
        metric
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for _, metric, dimensions in watched(alarm)
        if {"Name": "FunctionName", "Value": {"Ref": logical(name)}} in dimensions
    }
    # The authorizer refuses by an error; that is no failure of it.
    assert metrics >= ({"Throttles"} if name == "authorizer" else {"Throttles", "Errors"})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_with_the_table_tracks_its_deadline(name: str) -> None:
    """W2."""
    variables = of_type("AWS::Serverless::Function")[logical(name)]["Environment"]["Variables"]
    tree = ast.parse((ROOT / "functions" / name / "app.py").read_text())
    [handler] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler"]
    decorators = {node.id for node in handler.decorator_list if isinstance(node, ast.Name)}

    assert ("track_deadline" in decorators) == ("TABLE_NAME" in variables)


def test_every_client_is_made_where_its_time_outs_are_set() -> None:
    """W2."""
    sources = [*(ROOT / "functions").rglob("*.py"), *(ROOT / "layers" / "partyline" / "partyline").rglob("*.py")]
    making = {
        path.name
        for path in sources
        if re.search(r"^ *import boto3\b|^ *from boto3 import", path.read_text(), re.MULTILINE)
    }

    assert making == {"aws_clients.py"}


def test_what_encrypts_notifications_is_at_hand_for_one_function_only() -> None:
    """PyJWT imports it where it finds it, so elsewhere it would slow down each start."""
    shared = TEMPLATE["Globals"]["Function"]["Layers"]
    own = {
        name: function["Layers"]
        for name, function in of_type("AWS::Serverless::Function").items()
        if "Layers" in function
    }
    built = {layer["ContentUri"] for layer in of_type("AWS::Serverless::LayerVersion").values()}

    assert [refers(layer) for layer in shared] == ["PartylineLayer"]
    assert own == {"PushFunction": [{"Ref": "CryptographyLayer"}]}
    assert built == {"layers/partyline"}
    pinned = pins("layers/partyline/cryptography.txt")
    assert set(pinned) == {"cryptography"}
    assert "cryptography" not in pins("layers/partyline/requirements.txt")


def test_what_encrypts_notifications_is_what_was_tested() -> None:
    tested, shared = pins("requirements.lock"), pins("layers/partyline/requirements.txt")

    assert pins("layers/partyline/cryptography.txt")["cryptography"] == tested["cryptography"]
    # What it imports itself is in the shared layer.
    assert [shared[name] for name in ("cffi", "pycparser")] == [tested[name] for name in ("cffi", "pycparser")]


def pins(lock: str) -> dict[str, str]:
    """The packages of a lock file, with their versions."""
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_key_for_push_services_is_used_by_who_sends_and_shown_by_the_api() -> None:
    using = {
        name: actions
        for name in of_type("AWS::Serverless::Function")
        for statement in statements(name)
        if "kms" in str(actions := statement["Action"])
    }

    assert using == {"PushFunction": ["kms:GetPublicKey", "kms:Sign"], "ConversationsFunction": "kms:GetPublicKey"}
    assert RESOURCES["PushKey"]["Properties"]["KeySpec"] == "ECC_NIST_P256"


def test_a_push_service_that_does_not_answer_leaves_the_function_its_time() -> None:
    timeout = RESOURCES["PushFunction"]["Properties"]["Timeout"]
    [reserve] = re.findall(r"^RESERVE = ([0-9_]+)$", (ROOT / "functions" / "push" / "app.py").read_text(), re.MULTILINE)

    assert push_sender.TIMEOUT < int(reserve) / 1000 < timeout
    # It puts into its own queue whom it has not reached.
    assert RESOURCES["PushFunction"]["Properties"]["RecursiveLoop"] == "Allow"


# --- event sources


@pytest.mark.parametrize("kind", sorted(EVENT_PROPERTIES))
def test_event_sources_have_only_properties_that_exist(kind: str) -> None:
    for name, source, properties in events(kind):
        assert set(properties) <= EVENT_PROPERTIES[kind], f"{name}.{source}"


def test_every_kind_of_event_source_is_known_here() -> None:
    kinds = {
        event["Type"]
        for function in of_type("AWS::Serverless::Function").values()
        for event in function.get("Events", {}).values()
    }
    assert kinds == set(EVENT_PROPERTIES)


def test_the_stream_is_read_from_its_beginning_and_gives_up_in_the_end(expanded: dict[str, Any]) -> None:
    mapping = expanded["RelayFunctionRecorded"]["Properties"]

    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # W5: above one batch of a shard at a time only the order of each item is kept, not a conversation's.
    assert mapping["ParallelizationFactor"] == 1
    # For as long as the stream has it. It forgets after a day: giving up later would be giving up in silence.
    assert mapping["MaximumRetryAttempts"] == -1
    assert 23 * 3600 < mapping["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert refers(mapping["DestinationConfig"]["OnFailure"]["Destination"]) in FAILURES
    patterns = [json.loads(entry["Pattern"]) for entry in mapping["FilterCriteria"]["Filters"]]
    recorded, moved, removed, held, expired = patterns
    # "exists" is only understood of a leaf, so the attribute's type is part of its path.
    assert recorded == {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"outbox": {"S": [{"exists": True}]}}}}
    assert moved == {"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"rank": {"N": [{"exists": True}]}}}}
    leaving = [key.sk for key in (keys.conversation("CH"), keys.service("IS"), keys.media("ME"), keys.user("US"))]
    assert removed == {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"SK": {"S": leaving}}}}
    imported = contact_keys.contact_import("CI").sk
    assert expired == {"eventName": ["REMOVE"], "dynamodb": {"Keys": {"SK": {"S": [imported]}}}}
    assert {*leaving, imported} == set(REMOVED_KINDS)
    # Whatever happens to the claim of a number by a contact.
    assert held == {"dynamodb": {"Keys": {"SK": {"S": [contact_keys.contact_number("IS", "+1").sk]}}}}


# --- the API


def test_the_api_has_every_route_and_method() -> None:
    routes = {(event["Path"], event["Method"]): name for name, _, event in events("Api")}

    assert routes == {
        ("/carriers/bandwidth/{token}", "post"): "InboundFunction",
        ("/carriers/{carrier}", "post"): "InboundFunction",
        ("/media/{proxy+}", "get"): "LinksFunction",
        ("/media/{proxy+}", "head"): "LinksFunction",
        ("/session", "get"): "SigninFunction",
        ("/session/start", "get"): "SigninFunction",
        ("/session/return", "get"): "SigninFunction",
        ("/session/token", "post"): "SigninFunction",
        ("/session/end", "post"): "SigninFunction",
        **{(path, method): "PagesFunction" for path in ("/inbox", "/inbox/{proxy+}") for method in ("get", "head")},
        **{
            (path, method): "ConversationsFunction"
            for path in ("/v1", "/v1/{proxy+}", "/v2/{proxy+}")
            for method in ("get", "post", "put", "patch", "delete")
        },
    }


def test_nothing_writes_down_the_urls_that_are_asked_for() -> None:
    """They hold Bandwidth's secret, the signatures of links, and numbers."""
    stage = RESOURCES["Api"]["Properties"]
    _, setting, _ = stage["AccessLogSetting"]["Fn::If"]

    assert stage["TracingEnabled"] is False
    assert not re.search(r"\$context\.(path|protocol|identity\.userAgent|requestOverride)", setting["Format"])
    assert "$context.resourcePath" in setting["Format"]


def test_only_bandwidths_webhooks_pass_the_authorizer_and_always_do(expanded: dict[str, Any]) -> None:
    definition = expanded["Api"]["Properties"]["Body"]
    guarded = {
        path
        for path, given in definition["paths"].items()
        for item in alternatives(given)
        for method in item.values()
        if isinstance(method, dict) and method.get("security")
    }
    schemes = definition["components"]["securitySchemes"].values()
    [authorizer] = [scheme["x-amazon-apigateway-authorizer"] for scheme in schemes]

    assert guarded == {"/carriers/bandwidth/{token}"}
    assert authorizer["type"] == "request"
    assert authorizer["authorizerResultTtlInSeconds"] == 0


@pytest.mark.parametrize("kind", sorted(RESOURCES["Api"]["Properties"]["GatewayResponses"]))
def test_the_gateway_answers_in_json_as_twilio_does(kind: str) -> None:
    answer = RESOURCES["Api"]["Properties"]["GatewayResponses"][kind]
    body = json.loads(answer["ResponseTemplates"]["application/json"].replace("$context.error.messageString", '"x"'))

    assert body["message"]
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{body['code']}"
    assert body.get("status") == answer.get("StatusCode")


def test_bandwidth_is_challenged() -> None:
    answer = RESOURCES["Api"]["Properties"]["GatewayResponses"]["UNAUTHORIZED"]

    assert answer["ResponseParameters"]["Headers"] == {"WWW-Authenticate": "'Basic realm=\"partyline\"'"}


CARRIERS_ROUTES = {"/carriers/bandwidth/{token}": ["POST"], "/carriers/{carrier}": ["POST"]}


def test_api_limit_is_a_parameter_and_carrier_routes_have_no_own() -> None:
    """W1."""
    settings = {
        (entry["ResourcePath"], entry["HttpMethod"]): (entry["ThrottlingRateLimit"], entry["ThrottlingBurstLimit"])
        for entry in RESOURCES["Api"]["Properties"]["MethodSettings"]
    }
    routes = {**CARRIERS_ROUTES, "/media/{proxy+}": ["GET", "HEAD"]}
    whole = {("/" + path.replace("/", "~1"), method) for path, methods in routes.items() for method in methods}

    assert settings.pop(("/*", "*")) == ({"Ref": "ApiRate"}, {"Ref": "ApiBurst"})
    assert set(settings) == whole
    # API Gateway's own limits for an account, unless they were raised.
    assert all(rate >= 10_000 and burst >= 5_000 for rate, burst in settings.values())
    assert all(entry["MetricsEnabled"] is True for entry in RESOURCES["Api"]["Properties"]["MethodSettings"])
    assert [TEMPLATE["Parameters"][name]["Default"] for name in ("ApiRate", "ApiBurst")] == [500, 1000]


# Seconds that an execution is busy with one: a webhook that answers in 0.2, a carrier that answers in 0.3, and our own
# work around them.
BUSY = {"CallbackConcurrency": 0.22, "SendConcurrency": 0.5}
INBOUND, SENDS, HANDSETS = 1000, 300, 3


def test_default_parameters_carry_a_thousand_texts_a_second() -> None:
    """1,000 inbound texts and 300 sends to three handsets, delivered, with one webhook for all events."""
    rates = {
        "ApiRate": SENDS,
        # Each text is an event, and so is each receipt that becomes `sent` and `delivered`.
        "CallbackConcurrency": INBOUND + SENDS + SENDS * HANDSETS * 2,
        "SendConcurrency": SENDS,
    }
    for name, rate in rates.items():
        assert TEMPLATE["Parameters"][name]["Default"] >= rate * BUSY.get(name, 1), name


@pytest.mark.parametrize("path", CARRIERS_ROUTES)
def test_webhooks_that_are_refused_before_or_by_a_function_alarm(path: str) -> None:
    """W1."""
    [alarm] = [
        alarm
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "4XXError" and {"Name": "Resource", "Value": path} in alarm["Dimensions"]
    ]

    assert alarm["Namespace"] == "AWS/ApiGateway"
    assert {entry["Name"] for entry in alarm["Dimensions"]} == {"ApiName", "Stage", "Resource", "Method"}
    # The average of these errors is their share. A challenge for each webhook is no failure of Bandwidth's.
    share = 0.5 if "bandwidth" in path else 0.05
    assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == (
        "Average",
        share,
        "GreaterThanThreshold",
    )


def test_each_api_has_one_stage(expanded: dict[str, Any]) -> None:
    """W4."""
    stages = [
        (entry["Type"], refers(entry["Properties"].get("RestApiId") or entry["Properties"]["ApiId"]))
        for entry in expanded.values()
        if entry["Type"].endswith("::Stage")
    ]
    deployments = [entry["Properties"] for entry in expanded.values() if entry["Type"] == "AWS::ApiGateway::Deployment"]

    assert sorted(stages) == [("AWS::ApiGateway::Stage", "Api"), ("AWS::ApiGatewayV2::Stage", "LiveApi")]
    assert deployments
    # A deployment that names a stage makes it.
    assert not any("StageName" in properties for properties in deployments)
    assert expanded["ApiprodStage"]["Properties"]["StageName"] == "prod"


def test_nothing_depends_on_what_may_not_be_there(expanded: dict[str, Any]) -> None:
    """W6."""
    assert "SetsLogRole" in {entry.get("Condition") for entry in expanded.values()}
    for name, entry in expanded.items():
        named = entry.get("DependsOn", [])
        for other in [named] if isinstance(named, str) else named:
            assert expanded[other].get("Condition") in {None, entry.get("Condition")}, f"{name} on {other}"


@pytest.mark.parametrize(("api", "settings"), [("Api", "AccessLogSetting"), ("LiveApi", "AccessLogSettings")])
def test_a_stage_that_logs_waits_for_the_role_that_the_stack_sets(api: str, settings: str) -> None:
    """W6."""
    _, logging, _ = RESOURCES[api]["Properties"][settings]["Fn::If"]
    condition, waiting, at_once = logging["DestinationArn"]["Fn::If"]
    chosen, choices = waiting["Fn::Select"]

    assert condition == RESOURCES["ApiAccount"]["Condition"] == RESOURCES["ApiLogsRole"]["Condition"]
    assert refers(choices[chosen]) == refers(at_once) == f"{api}Logs"
    assert "ApiAccount" in {refers(choice) for choice in choices}


@pytest.mark.parametrize(
    ("value", "logs", "sets_role"), [(None, 0, 0), ("false", 0, 0), ("existing", 1, 0), ("true", 1, 1)]
)
def test_the_accounts_role_is_set_only_for_who_asks_for_it(value: str | None, logs: bool, sets_role: bool) -> None:
    """A first deployment does not wait for IAM, and another project's logs go on."""
    stack = Intrinsics(TEMPLATE, {"AccessLogging": value} if value else {})
    api, live = (stack.resolve(RESOURCES[name]["Properties"]) for name in ("Api", "LiveApi"))

    assert ("AccessLogSetting" in api, "AccessLogSettings" in live) == (logs, logs)
    assert [stack.holds(RESOURCES[name]["Condition"]) for name in ("ApiLogsRole", "ApiAccount")] == [sets_role] * 2


def test_what_outlives_the_stack_does_not_outlive_a_first_deployment_that_failed() -> None:
    """W6."""
    retained = {name: entry["DeletionPolicy"] for name, entry in RESOURCES.items() if "DeletionPolicy" in entry}

    staff = {"UserPool", "AdminsGroup", "StaffGroup", "LimitedGroup"}
    kept = {"Table", "MediaBucket", "MediaBucketPolicy", "ApiLogsRole", "ApiAccount"}
    assert set(retained) == kept | set(of_type("AWS::SecretsManager::Secret")) | staff
    assert set(retained.values()) == {"RetainExceptOnCreate"}


def test_what_sam_makes_of_the_template_is_linted_too() -> None:
    """W6."""
    check = (ROOT / "Makefile").read_text().partition("\ncheck:")[2].partition("\n\n")[0]

    [expanded] = re.findall(r"-m local\.expansion (\S+)\n", check)
    [linted] = re.findall(r"\$\(BIN\)/cfn-lint (.+?[^\\])\n", f"{check}\n", re.DOTALL)
    assert linted.split()[-2:] == ["--template", expanded]
    assert "--regions us-east-1 eu-west-1 --include-checks I --configure-rule E3012:strict=true" in linted
    # Each of them has its reason above.
    assert "--ignore-checks W1028 W2001 W7001 I3011 I3042 " in linted
    assert set(re.findall(r"\b([IW]\d+)[:,] ", check)) == {"W1028", "W2001", "W7001", "I3011", "I3042"}


# --- domains

DOMAINS = {"DomainName": "texts.example.com", "LiveDomainName": "live.example.com", "CertificateArn": "arn:aws:acm:x"}


def urls(parameters: dict[str, str]) -> dict[str, set[str]]:
    """The values of the variables and Outputs by which the stack names its APIs."""
    resolve = Intrinsics(TEMPLATE, parameters).resolve
    variables = [function["Environment"]["Variables"] for function in of_type("AWS::Serverless::Function").values()]
    found = {
        name: {str(resolve(given[name])) for given in variables if name in given} for name in ("PUBLIC_URL", "LIVE_URL")
    }
    return {**found, **{name: {str(resolve(TEMPLATE["Outputs"][name]["Value"]))} for name in ("ApiUrl", "LiveUrl")}}


@pytest.mark.parametrize(
    ("parameters", "api", "live"),
    [
        (DOMAINS, "https://texts.example.com", "wss://live.example.com"),
        ({"PublicUrl": "https://a.example/b"}, "https://a.example/b", None),
        ({**DOMAINS, "PublicUrl": "https://a.example/b"}, "https://a.example/b", "wss://live.example.com"),
        ({**DOMAINS, "PublicLiveUrl": "wss://l.example"}, "https://texts.example.com", "wss://l.example"),
    ],
)
def test_everything_names_the_apis_by_their_domains(parameters: dict[str, str], api: str, live: str | None) -> None:
    found = urls(parameters)

    assert found["PUBLIC_URL"] == found["ApiUrl"] == {api}
    assert found["LIVE_URL"] == found["LiveUrl"]
    assert live is None or found["LiveUrl"] == {live}


def test_without_a_domain_functions_of_the_api_find_its_name_in_their_requests() -> None:
    found = urls({})

    assert found["PUBLIC_URL"] == {"", *found["ApiUrl"]}
    assert "execute-api" in str(found["ApiUrl"])
    assert "execute-api" in str(found["LiveUrl"])


def test_domains_and_web_acl_are_there_only_for_who_names_them() -> None:
    named = {
        "ApiDomain": "DomainName",
        "ApiDomainMapping": "DomainName",
        "DomainTarget": "DomainName",
        "LiveDomain": "LiveDomainName",
        "LiveDomainMapping": "LiveDomainName",
        "LiveDomainTarget": "LiveDomainName",
        "ApiWebAcl": "WebAclArn",
    }
    entries = {**RESOURCES, **TEMPLATE["Outputs"]}
    for name, parameter in named.items():
        condition = entries[name]["Condition"]
        assert not Intrinsics(TEMPLATE, {}).holds(condition)
        assert Intrinsics(TEMPLATE, {parameter: "x"}).holds(condition)
    (assertion,) = TEMPLATE["Rules"]["DomainWithCertificate"]["Assertions"]
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "CertificateArn"}, ""]}]}


def test_domains_and_web_acl_belong_to_the_stages(expanded: dict[str, Any]) -> None:
    api, live = (expanded[name]["Properties"] for name in ("ApiDomainMapping", "LiveDomainMapping"))

    assert (refers(api["RestApiId"]), refers(api["Stage"])) == ("Api", "ApiprodStage")
    assert (refers(live["ApiId"]), refers(live["Stage"])) == ("LiveApi", "LiveApiprodStage")
    assert expanded["ApiWebAcl"]["Properties"]["ResourceArn"]["Fn::Sub"].endswith("/${Api}/stages/${ApiprodStage}")


# --- live connections


def test_the_log_of_live_connections_does_not_have_the_query_which_has_the_token() -> None:
    settings = RESOURCES["LiveApi"]["Properties"]["AccessLogSettings"]["Fn::If"][1]
    logged = set(json.loads(settings["Format"]).values())

    assert logged == {
        *("$context.requestId", "$context.identity.sourceIp", "$context.requestTimeEpoch", "$context.connectionId"),
        *("$context.eventType", "$context.status", "$context.integrationLatency", "$context.error.responseType"),
    }


def test_everything_of_a_live_connection_goes_to_one_function(expanded: dict[str, Any]) -> None:
    routes = RESOURCES["LiveApi"]["Properties"]["Routes"]

    assert set(routes) == {"$connect", "$disconnect", "$default"}
    assert {refers(route["FunctionArn"]) for route in routes.values()} == {"ConnectionsFunction.Alias"}
    assert expanded["LiveApi"]["Properties"]["ProtocolType"] == "WEBSOCKET"


def test_functions_reach_this_stacks_live_connections_and_no_others() -> None:
    managing = {
        name: statement["Resource"]["Fn::Sub"]
        for name in of_type("AWS::Serverless::Function")
        for statement in statements(name)
        if statement["Action"] == "execute-api:ManageConnections"
    }
    reaching = {
        name
        for name, function in of_type("AWS::Serverless::Function").items()
        if "LIVE_ENDPOINT" in function["Environment"]["Variables"]
    }

    assert set(managing) == reaching == {"ConnectionsFunction", "LiveFunction", "TimersFunction"}
    assert all(resource.endswith(":${LiveApi}/prod/*/@connections/*") for resource in managing.values())


# --- sign-in

SIGN_IN = {
    name: entry["Condition"]
    for name, entry in RESOURCES.items()
    if entry.get("Condition") in {"HasSignIn", "HasUserPool", "HasOwnProvider"}
}


def resolved(inbox: str) -> set[str]:
    """The resources and outputs that a stack has with a value of Inbox."""
    holding = {"HasSignIn": inbox != "off", "HasUserPool": inbox == "cognito", "HasOwnProvider": inbox == "oidc"}
    return {
        name
        for part in ("Resources", "Outputs")
        for name, entry in TEMPLATE[part].items()
        if holding.get(str(entry.get("Condition")), True)
    }


def test_without_sign_in_there_is_nothing_of_it() -> None:
    pool = {"UserPool", "UserPoolClient", "UserPoolDomain", "ManagedLoginBranding", "UserPoolId"}
    groups = {"AdminsGroup", "StaffGroup", "LimitedGroup"}
    common = {"SigninFunction", "SigninLogs", "SignInUrl", "SigninErrorsAlarm", "SigninThrottlesAlarm"}
    common |= {"SignInProviderFailedAlarm", "SigninFunctionRole", "PagesFunctionRole"}
    common |= {"PagesFunction", "PagesLogs", "PagesErrorsAlarm", "PagesThrottlesAlarm", "InboxUrl"}
    own = {"SignInSecret", "SignInSecretArn"}

    assert resolved("cognito") - resolved("off") == pool | groups | common
    assert resolved("oidc") - resolved("off") == own | common


def references(value: Any, conditions: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Every text by which a value names resources, with the conditions that hold there."""
    match value:
        case {"Fn::If": [condition, then, other]}:
            yield from references(then, conditions | {condition})
            # With sign-in, and not by the pool: then it is by a provider of the customer's own.
            own = {"HasOwnProvider"} if "HasSignIn" in conditions and condition == "HasUserPool" else set()
            yield from references(other, conditions | own)
        case {"Ref": name} | {"Fn::GetAtt": [name, *_]}:
            yield f"${{{name}}}", conditions
        case {"Fn::Sub": text}:
            yield str(text), conditions
        case dict() | list():
            for inner in value.values() if isinstance(value, dict) else value:
                yield from references(inner, conditions)


@pytest.mark.parametrize("part", ["Resources", "Outputs"])
def test_what_may_not_be_there_is_named_only_where_its_condition_holds(part: str) -> None:
    """A reference to a resource whose condition does not hold fails the whole deployment."""
    for place, entry in TEMPLATE[part].items():
        for text, conditions in references(entry, frozenset({str(entry.get("Condition"))})):
            needed = {SIGN_IN[name] for name in re.findall(r"\$\{(\w+)", text) if name in SIGN_IN}
            # Sign-in is part of both of its kinds.
            needed -= {"HasSignIn"} if conditions & {"HasUserPool", "HasOwnProvider"} else set()
            assert needed <= conditions, f"{place}: {text}"


def test_nobody_registers_themselves_and_a_refresh_token_lives_as_long_as_a_session() -> None:
    client = RESOURCES["UserPoolClient"]["Properties"]

    assert RESOURCES["UserPool"]["Properties"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["TokenValidityUnits"]["RefreshToken"] == "hours"
    assert client["RefreshTokenValidity"] * 3600 == SESSION_LIFE.total_seconds()


def test_the_groups_of_the_pool_have_roles_by_default() -> None:
    mapping = parse_role_mapping(TEMPLATE["Parameters"]["SignInRoles"]["Default"])
    groups = [entry["GroupName"] for entry in of_type("AWS::Cognito::UserPoolGroup").values()]

    assert list(mapping) == groups


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("admins=inbox admin", True),
        ("a b=c d,Ops - EU=inbox member", True),
        ("", False),
        ("admins", False),
        ("admins=", False),
        ("admins= ", False),
        ("=role", False),
        ("a=b,", False),
        ("a=b=c", False),
    ],
)
def test_a_mapping_that_the_template_takes_is_one_that_the_function_reads(text: str, valid: bool) -> None:
    pattern = TEMPLATE["Parameters"]["SignInRoles"]["AllowedPattern"]

    assert bool(re.fullmatch(pattern, text)) is valid
    assert not valid or parse_role_mapping(text)


@pytest.mark.parametrize(
    "text", ["https://evil.example", "//evil.example", "/x", "a//b", "a?b", "a#b", "a\\b", "", "@b"]
)
def test_people_land_nowhere_but_below_the_api_after_signing_in(text: str) -> None:
    assert not re.fullmatch(TEMPLATE["Parameters"]["SignInLanding"]["AllowedPattern"], text)


def test_the_function_of_the_pages_has_no_layer_and_no_permission(expanded: dict[str, Any]) -> None:
    assert "Layers" not in expanded["PagesFunction"]["Properties"]
    # Logs and traces, as every function has.
    assert [statement["Sid"] for statement in statements("PagesFunction")] == ["Trace", "Log"]


# --- queues


@pytest.mark.parametrize("name", WORKED)
def test_a_queue_has_a_consumer_dead_letters_and_an_alarm(name: str) -> None:
    consumers = [function for function, _, event in events("SQS") if refers(event["Queue"]) == name]

    assert len(consumers) == 1
    assert refers(QUEUES[name]["RedrivePolicy"]["deadLetterTargetArn"]) in QUEUES
    assert name in alarmed("ApproximateAgeOfOldestMessage")


@pytest.mark.parametrize("name", sorted({function for function, _, _ in events("SQS")}))
def test_a_queues_function_answers_by_the_one_consumer(name: str) -> None:
    path = ROOT / "functions" / name.removesuffix("Function").lower() / "app.py"
    [handler] = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "handler"
    ]
    answers = [node.value for node in ast.walk(handler) if isinstance(node, ast.Return)]

    assert answers
    assert all(isinstance(answer, ast.Call) and ast.unparse(answer.func) == "consume" for answer in answers)
    assert "from partyline.queues.queue_consumer import" in path.read_text()


def test_every_queue_that_is_read_is_read_so_that_one_record_fails_alone() -> None:
    mappings = [(name, event) for name, _, event in events("SQS")]

    assert {refers(event["Queue"]) for _, event in mappings} == set(WORKED)
    assert all(event["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for _, event in mappings)


@pytest.mark.parametrize("name", WORKED)
def test_a_message_stays_hidden_for_six_times_as_long_as_its_consumer_may_take(name: str) -> None:
    for function, _, event in events("SQS"):
        if refers(event["Queue"]) == name:
            timeout = of_type("AWS::Serverless::Function")[function]["Timeout"]
            assert QUEUES[name]["VisibilityTimeout"] >= 6 * timeout
            # What fails comes again, and nothing else with it.
            assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            assert least(event["ScalingConfig"]["MaximumConcurrency"]) >= 2
            if QUEUES[name].get("FifoQueue"):
                # A send that has to wait holds up its own conversation only, and is not dead before it is given up.
                assert event["BatchSize"] == 1
                assert QUEUES[name]["RedrivePolicy"]["maxReceiveCount"] > 2 * MAX_ATTEMPTS
            if function == "OutboundFunction":
                # Images may take their time, the carrier may not answer, and that is to be written down.
                most = outbound_files.IMAGES_WITHIN + images.SECONDS
                assert most + REQUEST_SECONDS < timeout
                assert 2 * TEMPLATE["Parameters"]["CarrierTimeout"]["MaxValue"] < REQUEST_SECONDS
                assert event["BatchSize"] == 1


def test_a_stack_on_aws_has_no_runtime_for_which_there_is_no_layer() -> None:
    """A3: only an emulator says where live connections are managed."""
    rule = TEMPLATE["Rules"]["RuntimeOnAws"]
    assert rule["RuleCondition"] == {"Fn::Equals": [{"Ref": "LiveEndpoint"}, ""]}
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Runtime"}, "python3.11"]}]}
    assert "python3.11" in TEMPLATE["Parameters"]["Runtime"]["AllowedValues"]
    assert TEMPLATE["Parameters"]["Runtime"]["Default"] != "python3.11"


def test_a_webhook_has_its_time_and_a_slot_of_its_receiver_outlives_the_call() -> None:
    timeout = RESOURCES["CallbacksFunction"]["Properties"]["Timeout"]

    assert 2 * webhook_request.TIMEOUT < timeout < circuit_breakers.SLOT_LEASE.total_seconds()


@pytest.mark.parametrize("text", ["", "10.1.0.0/16", PARAMETERS["AllowedNetworks"], "fd00:ec2::254/128,169.254.0.0/16"])
def test_networks_that_webhooks_may_reach_can_be_listed(text: str) -> None:
    assert re.fullmatch(TEMPLATE["Parameters"]["AllowedNetworks"]["AllowedPattern"], text)
    assert len(parse_networks(text)) == len(text.split(",")) if text else parse_networks(text) == ()


def test_a_removed_service_is_cleaned_up_when_no_request_is_under_way_that_found_it() -> None:
    functions = of_type("AWS::Serverless::Function")

    assert TEMPLATE["Parameters"]["CleanupSeconds"]["Default"] > max(
        functions[name]["Timeout"] for name in ("ConversationsFunction", "InboundFunction")
    )


def test_lambda_lets_the_clean_up_put_messages_back_into_its_own_queue() -> None:
    function = RESOURCES["CleanupFunction"]["Properties"]
    [queue] = [refers(event["Queue"]) for name, _, event in events("SQS") if name == "CleanupFunction"]

    assert refers(function["Environment"]["Variables"]["CLEANUP_QUEUE_URL"]) == queue
    assert function["RecursiveLoop"] == "Allow"


@pytest.mark.parametrize("name", sorted(DEAD_LETTERS | FAILURES))
def test_dead_letters_stay_for_two_weeks_and_raise_an_alarm(name: str) -> None:
    assert QUEUES[name]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert name in alarmed("ApproximateNumberOfMessagesVisible")


def test_dead_letters_are_of_their_queues_kind() -> None:
    for name in WORKED:
        dead = QUEUES[refers(QUEUES[name]["RedrivePolicy"]["deadLetterTargetArn"])]
        assert QUEUES[name].get("FifoQueue", False) == dead.get("FifoQueue", False), name


def alarmed(metric: str) -> set[str]:
    """Queues with an alarm on a metric."""
    return {
        refers(dimensions[0]["Value"])
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
        for space, name, dimensions in watched(alarm)
        if (space, name) == ("AWS/SQS", metric)
    }


# --- the rest


def test_timers_are_looked_at_every_minute() -> None:
    assert [properties for _, _, properties in events("Schedule")] == [{"Schedule": "rate(1 minute)"}]


def test_the_record_outlives_its_stack() -> None:
    table = RESOURCES["Table"]

    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


@pytest.mark.parametrize(("parameters", "is_protected"), [({}, True), ({"TableDeletionProtection": "false"}, False)])
def test_table_is_protected_against_deletion_unless_the_stack_is_to_be_thrown_away(
    parameters: dict[str, str], is_protected: bool
) -> None:
    table = Intrinsics(TEMPLATE, parameters).resolve(RESOURCES["Table"]["Properties"])

    assert table["DeletionProtectionEnabled"] is is_protected


@pytest.mark.parametrize(
    ("parameters", "warm"),
    [
        ({}, None),
        ({"TableWarmWrites": "20000"}, {"WriteUnitsPerSecond": "20000"}),
        ({"TableWarmReads": "30000"}, {"ReadUnitsPerSecond": "30000"}),
        (
            {"TableWarmWrites": "20000", "TableWarmReads": "30000"},
            {"ReadUnitsPerSecond": "30000", "WriteUnitsPerSecond": "20000"},
        ),
    ],
)
def test_table_is_prepared_for_what_is_asked_for(parameters: dict[str, str], warm: dict[str, str] | None) -> None:
    table = Intrinsics(TEMPLATE, parameters).resolve(RESOURCES["Table"]["Properties"])

    assert table.get("WarmThroughput") == warm


@pytest.mark.parametrize(("parameters", "reserved"), [({}, None), ({"InboundConcurrency": "100"}, "100")])
def test_executions_are_reserved_for_who_answers_carriers_and_only_if_asked_for(
    expanded: dict[str, Any], parameters: dict[str, str], reserved: str | None
) -> None:
    resources = Intrinsics(TEMPLATE, parameters).resolve(expanded)
    found = {
        name: entry["Properties"].get("ReservedConcurrentExecutions")
        for name, entry in resources.items()
        if entry["Type"] == "AWS::Lambda::Function"
    }
    answering = {"InboundFunction", "AuthorizerFunction"}

    assert found == {name: reserved if name in answering else None for name in found}


def test_deleted_files_can_be_brought_back_for_as_long_as_the_table_and_no_longer() -> None:
    bucket = RESOURCES["MediaBucket"]["Properties"]
    [rule] = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "NoncurrentVersionExpiration" in rule]
    page = (ROOT / "docs" / "personal-data.md").read_text()

    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    # DynamoDB's point-in-time recovery goes back so many days.
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 35}
    assert (rule["Status"], rule["ExpiredObjectDeleteMarker"]) == ("Enabled", True)
    assert "| backups of the table, and earlier versions of files in the bucket | all of the above | 35 days |" in page


def test_nothing_has_a_name_of_its_own_so_that_two_stacks_fit_into_one_account() -> None:
    names = {"TableName", "QueueName", "FunctionName", "LogGroupName", "RoleName", "AlarmName", "LayerName"}
    for resource, entry in RESOURCES.items():
        assert not names & set(entry["Properties"]), resource


def test_the_layers_makefile_has_the_templates_defaults() -> None:
    makefile = (ROOT / "layers" / "partyline" / "Makefile").read_text()
    defaults = dict(re.findall(r"^PARTYLINE_(\w+) \?= (\S+)$", makefile, re.MULTILINE))

    assert defaults["RUNTIME"] == TEMPLATE["Parameters"]["Runtime"]["Default"]
    assert defaults["ARCHITECTURE"] == TEMPLATE["Parameters"]["Architecture"]["Default"]


def test_what_a_secret_is_generated_from_never_changes() -> None:
    """CloudFormation generates a secret anew when its template changes: an upgrade would lose what was filled in."""
    made = {
        name: (generated["SecretStringTemplate"], generated["GenerateStringKey"], generated["PasswordLength"])
        for name, secret in of_type("AWS::SecretsManager::Secret").items()
        for generated in [secret["GenerateSecretString"]]
    }
    carriers = (
        '{"bandwidth_account_id": "", "bandwidth_application_id": "", "bandwidth_username": "", '
        '"bandwidth_password": "", "bandwidth_webhook_username": "", "bandwidth_webhook_password": "", '
        '"telnyx_api_key": "", "telnyx_public_key": "", "twilio_account_sid": "", "twilio_auth_token": ""}'
    )

    assert made == {
        "AuthSecret": ("{}", "auth_token", 32),
        "KeysSecret": ("{}", "root", 64),
        "OptOutsSecret": ("{}", "key", 64),
        "CarriersSecret": (carriers, "bandwidth_webhook_token", 32),
        "SignInSecret": ("{}", "client_secret", 32),
    }


def test_the_carriers_page_names_every_credential() -> None:
    page = (ROOT / "docs" / "carriers.md").read_text()

    assert [name for load in CARRIERS.values() for name in load().required_secrets if f"`{name}`" not in page] == []


def test_the_page_of_samples_shows_how_to_invoke_each() -> None:
    page = (ROOT / "docs" / "sample-events.md").read_text()
    for sample in sorted((ROOT / "events").glob("*/*.json")):
        shown = rf"sam local invoke {logical(sample.parent.name)} +-e {re.escape(str(sample.relative_to(ROOT)))}"
        assert re.search(shown, page), sample


def test_the_operations_page_lists_each_metric_that_is_counted() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    sources = [*(ROOT / "functions").rglob("*.py"), *(ROOT / "layers" / "partyline" / "partyline").rglob("*.py")]
    counted = {name for path in sources for name in re.findall(r'\bcount\("(\w+)"', path.read_text())}

    assert counted
    assert all(f"`{name}`" in page for name in counted), counted

"""The alarms: what they watch, when they ring, whom they notify, and that a person finds what to do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from local import expansion
from local.intrinsics import Intrinsics
from tests.support.docs_pages import ROOT
from tests.support.stack_template import RESOURCES, TEMPLATE, of_type, refers, watched

ALARMS = {name.removesuffix("Alarm"): alarm for name, alarm in of_type("AWS::CloudWatch::Alarm").items()}
QUEUES = of_type("AWS::SQS::Queue")
PAGE, TICKET = "arn:aws:sns:us-east-1:111111111111:page", "arn:aws:sns:us-east-1:111111111111:ticket"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def severity(alarm: dict[str, Any]) -> str:
    """The first word of an alarm's description."""
    return str(alarm["AlarmDescription"].partition(". ")[0].lower())


def table_of_alarms() -> list[tuple[list[str], str]]:
    """The alarms and the severity of each row of the operations page."""
    table = OPERATIONS.partition("## Alarms")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    return [(re.findall(r"`([A-Z]\w+)`", names), one.strip()) for names, one in rows]


@pytest.mark.parametrize(
    ("topics", "paged", "ticketed"),
    [
        ({}, None, None),
        ({"AlarmTopicArn": PAGE}, [PAGE], [PAGE]),
        ({"TicketTopicArn": TICKET}, None, [TICKET]),
        ({"AlarmTopicArn": PAGE, "TicketTopicArn": TICKET}, [PAGE], [TICKET]),
    ],
)
def test_alarm_notifies_the_topic_of_its_severity_when_it_begins_and_when_it_is_over(
    topics: dict[str, str], paged: list[str] | None, ticketed: list[str] | None
) -> None:
    resolve = Intrinsics(TEMPLATE, topics).resolve
    for name, alarm in ALARMS.items():
        resolved = resolve(alarm)
        expected = {"page": paged, "ticket": ticketed}[severity(alarm)]
        assert (resolved.get("AlarmActions"), resolved.get("OKActions")) == (expected, expected), name


def test_operations_page_has_each_alarm_once_with_its_severity() -> None:
    listed = [(name, one) for names, one in table_of_alarms() for name in names]

    assert sorted(listed) == sorted((name, severity(alarm)) for name, alarm in ALARMS.items())


def test_only_what_must_happen_rings_when_nothing_is_known() -> None:
    breaching = {name for name, alarm in ALARMS.items() if alarm["TreatMissingData"] == "breaching"}

    assert breaching == {"TimersSilent", "TextsSilent"}
    assert {alarm["TreatMissingData"] for alarm in ALARMS.values()} == {"breaching", "notBreaching"}


def test_one_event_in_a_minute_rings_only_where_a_text_may_be_lost_or_a_dead_letter_waits() -> None:
    """What happens now and then in a busy stack would ring all the time."""
    nervous = {
        name
        for name, alarm in ALARMS.items()
        if (alarm.get("Period"), alarm["EvaluationPeriods"], alarm["Threshold"]) == (60, 1, 1)
        and alarm["Namespace"] != "AWS/SQS"
    }

    assert nervous == {"InboundThrottles", "AuthorizerThrottles", "TableThrottled"}


@pytest.mark.parametrize("name", ALARMS)
def test_alarm_looks_back_a_day_at_most(name: str) -> None:
    """CloudWatch refuses more."""
    alarm = ALARMS[name]
    periods = alarm["EvaluationPeriods"]
    periods = TEMPLATE["Parameters"][periods["Ref"]]["MaxValue"] if isinstance(periods, dict) else periods
    lengths = {alarm.get("Period"), *(entry.get("Period") for entry in alarm.get("Metrics", []))}
    lengths |= {entry["MetricStat"]["Period"] for entry in alarm.get("Metrics", []) if "MetricStat" in entry}
    [length] = lengths - {None}

    assert periods * length <= 24 * 3600
    assert alarm.get("DatapointsToAlarm", 1) <= periods


@pytest.mark.parametrize("name", [name for name, alarm in ALARMS.items() if "Metrics" in alarm])
def test_expression_names_each_of_its_metrics_and_no_others(name: str) -> None:
    [(whole, expression)] = [
        (entry, str(entry["Expression"])) for entry in ALARMS[name]["Metrics"] if "Expression" in entry
    ]
    given = [entry["Id"] for entry in ALARMS[name]["Metrics"] if entry is not whole]
    used = re.findall(r"\b[a-z]\w+", expression.replace("Fn::Sub", ""))

    if "SELECT" in expression:
        assert given == []
        assert "${Table}" in expression
    else:
        assert set(used) == set(given)
        assert all(entry["ReturnData"] is False for entry in ALARMS[name]["Metrics"] if entry is not whole)
    assert len(given) <= 10


def test_our_metrics_that_alarms_watch_are_those_that_operations_lists() -> None:
    ours = {metric for alarm in ALARMS.values() for space, metric, _ in watched(alarm) if space == "Partyline"}
    listed = set(re.findall(r"`(\w+)`", OPERATIONS.partition("## Metrics")[2].partition("\n## ")[0]))

    assert ours
    assert ours <= listed


@pytest.mark.parametrize("queue", [name for name, queue in QUEUES.items() if "RedrivePolicy" in queue])
def test_fifo_queue_rings_long_before_its_backlog_hides_messages(queue: str) -> None:
    """SQS looks at the first 120,000 messages of a FIFO queue."""
    thresholds = [
        alarm["Threshold"]
        for alarm in ALARMS.values()
        for _, metric, dimensions in watched(alarm)
        if metric == "ApproximateNumberOfMessagesVisible" and refers(dimensions[0]["Value"]) == queue
    ]

    assert thresholds == ([60_000] if QUEUES[queue].get("FifoQueue") else [])


def test_webhooks_are_slow_when_telnyx_does_not_wait_any_longer() -> None:
    alarm = ALARMS["InboundSlow"]

    assert {"Name": "Resource", "Value": "/carriers/{carrier}"} in alarm["Dimensions"]
    assert (alarm["MetricName"], alarm["ExtendedStatistic"], alarm["Threshold"]) == ("Latency", "p99", 2000)


@pytest.mark.parametrize(
    ("alarm", "routes"),
    [
        ("CarrierWebhooksThrottled", {("/carriers/{carrier}", "POST")}),
        ("ApiThrottled", {("/v1/{proxy+}", "POST"), ("/v1/{proxy+}", "GET")}),
        ("ApiRequestsRefused", {("/v1/{proxy+}", "POST"), ("/v1/{proxy+}", "GET")}),
    ],
)
def test_alarm_on_routes_watches_routes_that_the_api_has(alarm: str, routes: set[tuple[str, str]]) -> None:
    events = [
        (event["Properties"]["Path"], event["Properties"]["Method"].upper())
        for function in of_type("AWS::Serverless::Function").values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    ]
    dimensions = [{entry["Name"]: entry["Value"] for entry in given} for _, _, given in watched(ALARMS[alarm])]

    assert {(given["Resource"], given["Method"]) for given in dimensions} == routes <= set(events)
    assert all(given["ApiName"] == RESOURCES["Api"]["Properties"]["Name"] for given in dimensions)


def test_silence_is_watched_only_for_who_says_how_long_it_lasts() -> None:
    alarm = RESOURCES["TextsSilentAlarm"]
    conditions = Intrinsics(TEMPLATE, {})

    assert alarm["Condition"] == "WatchesSilence"
    assert not conditions.holds("WatchesSilence")
    assert Intrinsics(TEMPLATE, {"SilenceMinutes": "90"}).resolve(alarm)["Properties"]["EvaluationPeriods"] == "90"


def test_expanded_template_fits_into_cloudformation() -> None:
    expanded = expansion.expand()
    sizes = {part: len(expanded[part]) for part in ("Resources", "Parameters", "Outputs")}

    # CloudFormation's limits are 500, 200 and 200, and a megabyte for a template that comes from S3.
    assert sizes["Resources"] < 450
    assert max(sizes["Parameters"], sizes["Outputs"]) < 180
    assert len(json.dumps(expanded)) < 800_000

"""The pages' tables of figures and names are those of the code and of the template."""

from __future__ import annotations

import re
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

import partyline
from local.carrier import special_numbers
from local.intrinsics import Intrinsics
from local.stack import LINES
from partyline.carriers.limits import KB, MB
from partyline.carriers.registry import LIMITS
from partyline.domain import opt_outs
from partyline.domain.opt_outs import Keyword
from tests.support.docs_pages import ROOT
from tests.support.stack_template import watched

# A query over the table's operations asks for a metric of each.
OPERATIONS = 8
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]


def rows(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    section = (ROOT / page).read_text().partition(f"\n{heading}\n")[2]
    table = re.search(r"((?:^\|.*\n)+)", section, re.MULTILINE)
    assert table, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()[2:]]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def made(kind: str) -> list[dict[str, Any]]:
    """The resources of a type that a stack with the default parameters has."""
    holds = Intrinsics(TEMPLATE, {}).holds
    return [
        resource
        for resource in RESOURCES.values()
        if resource["Type"] == kind and ("Condition" not in resource or holds(resource["Condition"]))
    ]


def test_costs_count_what_the_template_makes() -> None:
    at_rest = {name: quantity for name, quantity, _ in rows("docs/costs.md", "## At rest")}
    polled = {
        str(event["Properties"]["Queue"])
        for resource in RESOURCES.values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if isinstance(event, dict) and event["Type"] == "SQS"
    }

    alarms = [alarm["Properties"] for alarm in made("AWS::CloudWatch::Alarm")]
    metrics = sum(len(watched(alarm)) or OPERATIONS for alarm in alarms)

    assert at_rest["CloudWatch alarms"] == f"{len(alarms)}, on {metrics} metrics at 0.10"
    assert at_rest["Dashboard"].startswith(f"{len(made('AWS::CloudWatch::Dashboard'))}, ")
    assert at_rest["Secrets"].startswith(f"{len(made('AWS::SecretsManager::Secret'))}, ")
    assert at_rest["Polling of queues by Lambda"].startswith(f"{len(polled)} queues, ")


def test_costs_add_up() -> None:
    table = rows("docs/costs.md", "## At rest")
    sums = [float(row[2]) for row in table[:-1]]

    assert f"about {round(sum(sums))}" in table[-1][2]


def test_deploying_lists_every_parameter_with_its_default() -> None:
    listed = {}
    for names, defaults, _ in rows("docs/deploying.md", "## Parameters"):
        # One default for each name; that of a single name can have commas itself.
        values = [one.strip("` ") for one in (defaults.split(",") if len(codes(names)) > 1 else [defaults])]
        listed.update(dict(zip(codes(names), values, strict=True)))
    template = {name: str(parameter["Default"]) for name, parameter in TEMPLATE["Parameters"].items()}

    assert listed == {**template, "AccountSid": "a public sample"}


@pytest.mark.parametrize("page", ["docs/deploying.md", "docs/backup.md", "docs/operations.md", "docs/media.md"])
def test_outputs_that_a_page_names_exist(page: str) -> None:
    named = re.findall(r"`([A-Z]\w+(?:Url|Arn|Name|ApiId))`", (ROOT / page).read_text())

    assert named
    assert set(named) - set(TEMPLATE["Outputs"]) <= {*TEMPLATE["Parameters"], "FriendlyName"}


def test_the_local_stack_has_the_lines_that_its_page_lists() -> None:
    listed = {
        (number, carrier.lower())
        for numbers, carrier in rows("docs/local-stack.md", "## Lines and handsets")
        for number in codes(numbers)
    }

    assert listed == set(LINES)


def test_the_local_stack_has_the_special_handsets_that_its_page_lists() -> None:
    text = (ROOT / "docs" / "local-stack.md").read_text()
    listed = re.findall(r"^\| `(\+\d+)` \| (?!Bandwidth|Telnyx|Twilio|Vonage)", text, re.MULTILINE)
    known = [
        value for name, value in vars(special_numbers).items() if name.isupper() and re.fullmatch(r"\+\d+", str(value))
    ]

    assert listed == known


def test_carriers_limits_are_those_of_the_code() -> None:
    table = {
        name: dict(zip(LIMITS, cells, strict=True)) for name, *cells in rows("docs/carriers.md", "## Limits and costs")
    }
    others, characters = table["others in a group, before `GroupLimit`"], table["characters of one text"]

    assert {name: int(cell.split()[0]) for name, cell in others.items()} == {
        name: limits.recipients for name, limits in LIMITS.items()
    }
    assert all(characters[name].endswith(str(limits.text)) for name, limits in LIMITS.items())


def test_media_limits_are_those_of_the_code() -> None:
    units = {"KB": KB, "MB": MB}

    def size(cell: str) -> int:
        figure, unit = cell.split()
        return int(float(figure) * units[unit])

    listed = {
        carrier.lower(): (int(files), int(of_group), size(together), size(images))
        for carrier, files, of_group, together, images in rows("docs/media.md", "## Limits of carriers")
    }

    assert listed == {
        name: (limits.media, limits.group_media, limits.media_bytes, limits.image_bytes)
        for name, limits in LIMITS.items()
    }


def test_keywords_are_those_of_the_code() -> None:
    kinds = {"opt out": Keyword.STOP, "opt in": Keyword.START, "help": Keyword.HELP}
    table = rows("docs/opt-outs.md", "## Keywords")
    for column, language in enumerate(opt_outs.LANGUAGES, 1):
        listed = {word.lower(): kinds[cells[0]] for cells in table for word in cells[column].split(", ")}

        assert listed == opt_outs._LANGUAGES[language].keywords, language
        assert all(opt_outs.parse_keyword(word.upper(), language) is keyword for word, keyword in listed.items())


def test_the_security_policy_supports_this_version() -> None:
    minor = ".".join(partyline.__version__.split(".")[:2])
    supported = [version for version, fixes in rows("SECURITY.md", "## Supported versions") if fixes == "yes"]

    assert supported == [minor]


def test_the_glossary_defines_each_term_once() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    terms = re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE)

    assert len(terms) >= 40
    assert len(terms) == len(set(terms))

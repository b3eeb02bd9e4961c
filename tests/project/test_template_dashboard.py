"""The dashboard: valid, laid out without holes, and about metrics and alarms that exist."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest

from tests.support.docs_pages import ROOT
from tests.support.stack_template import RESOURCES, of_type

BODY: str = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
WIDGETS: list[dict[str, Any]] = json.loads(BODY)["widgets"]
PLOTTED = [widget["properties"] for widget in WIDGETS if widget["type"] == "metric"]


def test_all_that_the_dashboard_names_exists_whatever_the_parameters() -> None:
    named = {name.split(".")[0] for name in re.findall(r"\$\{([\w.]+)\}", BODY)}

    assert named
    assert {name for name in named if "Condition" in RESOURCES[name]} == set()


def test_the_first_widget_shows_all_pages() -> None:
    pages = [
        f"${{{name}.Arn}}"
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items()
        if alarm["AlarmDescription"].startswith("Page. ") and "Condition" not in RESOURCES[name]
    ]

    assert WIDGETS[0]["type"] == "alarm"
    assert sorted(WIDGETS[0]["properties"]["alarms"]) == sorted(pages)


def test_widgets_fill_rows_of_24_columns() -> None:
    rows: dict[int, list[dict[str, Any]]] = {}
    for widget in WIDGETS:
        rows.setdefault(widget["y"], []).append(widget)

    assert [sum(one["width"] for one in row) for row in rows.values()] == [24] * len(rows)
    for row in rows.values():
        assert [one["x"] for one in row] == [0, *(one["x"] + one["width"] for one in row[:-1])]
        assert len({one["height"] for one in row}) == 1
    assert all(above + rows[above][0]["height"] == below for above, below in pairwise(sorted(rows)))


@pytest.mark.parametrize("widget", PLOTTED, ids=lambda widget: widget["title"])
def test_widget_plots_metrics_of_this_region_with_dimensions_in_pairs(widget: dict[str, Any]) -> None:
    listed = (ROOT / "docs" / "operations.md").read_text().partition("## Metrics")[2].partition("\n## ")[0]

    assert widget["region"] == "${AWS::Region}"
    for metric in widget["metrics"]:
        texts = [part for part in metric if isinstance(part, str)]
        assert len(texts) % 2 == 0
        assert texts[0] != "Partyline" or f"`{texts[1]}`" in listed if texts else "${Table}" in str(metric)

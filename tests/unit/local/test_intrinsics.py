"""CloudFormation's functions and conditions, resolved for some parameters."""

from __future__ import annotations

from typing import Any

import pytest

from local.intrinsics import Intrinsics

TEMPLATE: dict[str, Any] = {
    "Parameters": {"List": {"Default": "a,b"}, "Empty": {"Default": ""}, "Needed": {}},
    "Conditions": {
        "HasEmpty": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Empty"}, ""]}]},
        "IsOne": {"Fn::Equals": [{"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "List"}]}]}, {"Ref": "List"}]},
        "Both": {"Fn::And": [{"Condition": "HasEmpty"}, {"Condition": "IsOne"}]},
        "Either": {"Fn::Or": [{"Condition": "HasEmpty"}, {"Condition": "IsOne"}]},
    },
}
NOTHING = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("text", "text"),
        ({"Ref": "List"}, "a,b"),
        ({"Ref": "Table"}, {"Ref": "Table"}),
        ({"Ref": "AWS::Region"}, {"Ref": "AWS::Region"}),
        ({"Fn::GetAtt": ["Table", "Arn"]}, {"Fn::GetAtt": ["Table", "Arn"]}),
        ({"Fn::Split": [",", {"Ref": "List"}]}, ["a", "b"]),
        ({"Fn::Select": ["1", {"Fn::Split": [",", {"Ref": "List"}]}]}, "b"),
        ({"Fn::Join": ["-", {"Fn::Split": [",", {"Ref": "List"}]}]}, "a-b"),
        ({"Fn::Join": ["-", ["x", {"Ref": "Table"}]]}, {"Fn::Join": ["-", ["x", {"Ref": "Table"}]]}),
        ({"Fn::Sub": "'${List}'"}, "'a,b'"),
        ({"Fn::Sub": ["${Own}/${List}", {"Own": {"Ref": "List"}}]}, "a,b/a,b"),
        ({"Fn::Sub": "${List}${Table.Arn}"}, {"Fn::Sub": "${List}${Table.Arn}"}),
        ({"Fn::If": ["HasEmpty", "yes", "no"]}, "no"),
        ({"kept": 1, "gone": {"Fn::If": ["HasEmpty", "yes", NOTHING]}}, {"kept": 1}),
        ({"gone": NOTHING}, {}),
        (["x", NOTHING, {"y": [NOTHING]}], ["x", {"y": []}]),
        ({}, {}),
    ],
)
def test_a_value_is_resolved_as_far_as_parameters_go(value: Any, resolved: Any) -> None:
    assert Intrinsics(TEMPLATE, {}).resolve(value) == resolved


@pytest.mark.parametrize(
    ("parameters", "holding"),
    [
        ({}, set()),
        ({"Empty": "x"}, {"HasEmpty", "Either"}),
        ({"List": "a"}, {"IsOne", "Either"}),
        ({"List": "a", "Empty": "x"}, {"HasEmpty", "IsOne", "Both", "Either"}),
    ],
)
def test_conditions_hold_by_the_parameters(parameters: dict[str, str], holding: set[str]) -> None:
    intrinsics = Intrinsics(TEMPLATE, parameters)

    assert {name for name in TEMPLATE["Conditions"] if intrinsics.holds(name)} == holding


def test_an_unknown_condition_function_is_refused() -> None:
    with pytest.raises(ValueError, match="Fn::Nor"):
        Intrinsics(TEMPLATE, {}).holds({"Fn::Nor": []})

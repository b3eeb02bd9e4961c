"""The mapping templates that the emulator runs in API Gateway's place."""

from __future__ import annotations

import pytest

from local.mapping_templates import read_header_overrides

SET = "$context.responseOverride.header"


@pytest.mark.parametrize(
    ("template", "headers", "overridden"),
    [
        ("", {}, {}),
        ("plain $text # and ( no directive", {}, {}),
        (f'#set({SET}.Vary = "Origin")', {}, {"Vary": "Origin"}),
        (f'#set($a = $input.params("x"))#set({SET}.A-B = $a)', {"x": "1"}, {"A-B": "1"}),
        (f'#set($a = $input.params("X"))#set({SET}.A = $a)', {"x": "1"}, {"A": ""}),
        (f'#if($input.params("x") == "1")#set({SET}.A = "y")#end#set({SET}.B = "b")', {"x": "1"}, {"A": "y", "B": "b"}),
        (f'#if($input.params("x") == "1")#set({SET}.A = "yes")#end#set({SET}.B = "b")', {"x": "2"}, {"B": "b"}),
        (f'#set($l = ["a","b"])#if($l.contains($input.params("x")))#set({SET}.A = "in")#end', {"x": "b"}, {"A": "in"}),
        (f'#set($l = ["a","b"])#if($l.contains($input.params("x")))#set({SET}.A = "in")#end', {"x": "a,b"}, {}),
        (f'#set($l = [])#if($l.contains("a"))#if($l.contains("a"))#set({SET}.A = "in")#end#end', {}, {}),
        (f'#set({SET}.A = "with (one) #end")', {}, {"A": "with (one) #end"}),
    ],
)  # fmt: skip
def test_a_template_sets_headers(template: str, headers: dict[str, str], overridden: dict[str, str]) -> None:
    assert read_header_overrides(template, headers) == overridden


@pytest.mark.parametrize(
    "template",
    [
        '#if("a" == "a")',
        "#set($a = 1 + 1)",
        "#set",
        '#set($a = "x"',
        "#set($a = $util.escape(1))",
        '#if($a.size() == "1")#end',
    ],
)
def test_what_is_not_known_is_an_error_and_not_passed_over(template: str) -> None:
    with pytest.raises(ValueError, match=r"known|#end|no "):
        read_header_overrides(template, {})

"""Forms as models: which parameter a field reads, what a form changes, and which refusal comes first."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import AfterValidator, Field

from partyline.api.field_types import Attributes, Boolean, Name, whole_number
from partyline.api.form_model import Clearable, Form
from partyline.api.request import Parameters
from partyline.errors import ApiError


class Place(Form):
    number: Annotated[int, whole_number()]


class Thing(Form):
    friendly_name: Clearable[Name] = None
    attributes: Attributes | None = None
    enabled: Boolean | None = None
    tags: tuple[str, ...] = ()
    size: Annotated[int, whole_number(minimum=1, maximum=5)] | None = Field(None, alias="Box.Size")


class NumberedThing(Thing, Place):
    pass


def given(**values: str | tuple[str, ...]) -> Parameters:
    return Parameters(
        {name.replace("_", "."): value if isinstance(value, tuple) else (value,) for name, value in values.items()}
    )


def refused(form: type[Form], **values: str | tuple[str, ...]) -> tuple[int, str]:
    with pytest.raises(ApiError) as error:
        form.parse(given(**values))
    return error.value.code, error.value.message


def test_form_without_parameters_changes_nothing() -> None:
    assert Thing.parse(Parameters()).changes() == {}


def test_form_reads_each_field_from_its_parameter() -> None:
    form = Thing.parse(given(FriendlyName="desk", Enabled="TRUE", Tags=("a", "b"), Box_Size="3", Unknown="x"))
    assert form.changes() == {"friendly_name": "desk", "enabled": True, "tags": ("a", "b"), "size": 3}


def test_form_takes_the_last_of_a_repeated_parameter() -> None:
    assert Thing.parse(given(FriendlyName=("one", "two"))).friendly_name == "two"


def test_empty_parameter_clears_a_clearable_field_only() -> None:
    assert Thing.parse(given(FriendlyName="")).changes() == {"friendly_name": None}
    assert refused(Thing, Enabled="") == (20001, "Invalid parameter Enabled: use true or false")


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ({"FriendlyName": "x" * 257}, 20001, "Invalid parameter FriendlyName: it is longer than 256 characters"),
        ({"Enabled": "yes"}, 20001, "Invalid parameter Enabled: use true or false"),
        ({"Box_Size": "0"}, 20001, "Invalid parameter Box.Size: it is not a whole number of at least 1"),
        ({"Box_Size": "6"}, 20001, "Invalid parameter Box.Size: it is more than 5"),
        ({"Attributes": "{"}, 50304, "Attributes not valid JSON"),
        ({"Attributes": '"' + "x" * 4096 + '"'}, 50303, "Attributes too long"),
    ],
)
def test_wrong_parameter_is_refused_by_its_own_code(values: dict[str, str], code: int, message: str) -> None:
    assert refused(Thing, **values) == (code, message)


def test_first_field_that_is_wrong_is_refused() -> None:
    assert refused(Thing, Box_Size="x", Enabled="x", Attributes="x") == (50304, "Attributes not valid JSON")
    assert refused(NumberedThing, Attributes="x", Number="x")[1].startswith("Invalid parameter Number")


def test_required_parameter_that_is_absent_is_refused_as_an_empty_one() -> None:
    text = "Invalid parameter Number: it is not a whole number of at least 0"
    assert refused(Place) == refused(Place, Number="") == (20001, text)


class Tagged(Form):
    tags: Annotated[tuple[str, ...], AfterValidator(lambda tags: tags or ("none",))]


def test_required_repeatable_parameter_that_is_absent_is_checked_as_an_empty_tuple() -> None:
    assert Tagged.parse(Parameters()).tags == ("none",)
    assert Tagged.parse(given(Tags=("a", ""))).tags == ("a", "")

"""What `frozen` makes of a class is what `dataclass(frozen=True, slots=True)` makes of it."""

from __future__ import annotations

import inspect
import pprint
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass
from dataclasses import replace as standard_replace
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from partyline.frozen_classes import frozen, replace


@frozen
class Written:
    number: str
    count: int = 1
    tags: dict[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    note: str = field(default="", compare=False)
    LONGEST: ClassVar[int] = 10

    @property
    def length(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True)
class Standard:
    number: str
    count: int = 1
    tags: dict[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    note: str = field(default="", compare=False)


@frozen
class Checked:
    value: int

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError("negative")


@frozen
class Named(Checked):
    name: str = "none"

    def __repr__(self) -> str:
        return self.name


@frozen
class Empty:
    pass


# Arguments that a class takes, that it lacks, and that it does not know.
values = st.dictionaries(
    st.sampled_from(["number", "count", "tags", "secret", "note", "other"]), st.sampled_from(["", "a", "b"]), max_size=6
)


def outcome(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a call returns, as text without the name of its class, or the type of its error."""
    try:
        return repr(call(*args, **kwargs)).partition("(")[2]
    except TypeError as error:
        return type(error)


@given(st.lists(st.sampled_from(["", "a", "b"]), max_size=6), values)
def test_an_object_is_made_and_shown_as_a_standard_one(args: list[str], kwargs: dict[str, str]) -> None:
    assert outcome(Written, *args, **kwargs) == outcome(Standard, *args, **kwargs)


@given(values)
def test_a_copy_has_the_changes_that_a_standard_one_has(changes: dict[str, Any]) -> None:
    written = Written("1", 2, {"a": "b"}, "hidden", "note")
    standard = Standard("1", 2, {"a": "b"}, "hidden", "note")
    assert outcome(replace, written, **changes) == outcome(standard_replace, standard, **changes)
    assert outcome(standard_replace, written, **changes) == outcome(standard_replace, standard, **changes)
    assert written == Written("1", 2, {"a": "b"}, "hidden", "note")


def test_a_copy_is_of_the_same_class_and_checked_as_a_new_object_is() -> None:
    assert replace(Checked(1), value=2) == Checked(2)
    assert replace(Named(1), name="two") == Named(1, "two")
    assert replace(Empty()) == Empty()
    assert replace(Written("1"), note="other").note == "other"
    with pytest.raises(ValueError, match="negative"):
        replace(Named(1), value=-1)
    with pytest.raises(TypeError, match=r"Written has no place for other$"):
        replace(Written("1"), count=2, other=1)  # type: ignore[call-arg]


@given(*[st.fixed_dictionaries({"number": st.sampled_from("ab")}, optional={"note": st.sampled_from("ab")})] * 2)
def test_objects_are_equal_where_standard_ones_are(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = Written(**one, tags={}), Written(**other, tags={})  # type: ignore[arg-type]
    assert (first == second) is (Standard(**one) == Standard(**other))  # type: ignore[arg-type]
    assert hash(Checked(1)) == hash(Checked(1))
    assert Checked(1) != Named(1)
    assert Empty() == Empty()


def test_what_an_error_says_names_the_class_and_the_field() -> None:
    with pytest.raises(TypeError, match="Written lacks number"):
        Written()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Written has no place for other"):
        Written("1", other=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Empty has no place for other"):
        Empty(other=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Written has no place for number"):
        Written("1", 2, {}, "", "", number="2")  # type: ignore[misc]


def test_nothing_of_an_object_can_be_changed() -> None:
    written = Written("1")
    for name in ("number", "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(written, name, "2")
    with pytest.raises(FrozenInstanceError):
        del written.number
    assert (written.number, hasattr(written, "__dict__")) == ("1", False)


def test_each_object_has_a_default_of_its_own() -> None:
    assert Written("1").tags is not Written("1").tags


def test_a_class_keeps_what_it_defines_and_what_it_inherits() -> None:
    assert repr(Named(1, "one")) == "one"
    assert (Written.LONGEST, Written("12").length) == (10, 2)
    with pytest.raises(ValueError, match="negative"):
        Named(-1)


def test_a_default_that_can_change_is_refused() -> None:
    class Shared:
        tags: dict[str, str] = {}  # noqa: RUF012

    for make in (frozen, dataclass):
        with pytest.raises(ValueError, match="default_factory"):
            make(Shared)


@dataclass(frozen=True, slots=True)
class StandardNamed(Standard):
    note: str = field(default="changed", compare=False)
    last: int | None = None


@frozen
class WrittenNamed(Written):
    note: str = field(default="changed", compare=False)
    last: int | None = None


@dataclass(frozen=True, slots=True)
class StandardLast(StandardNamed):
    more: int = 0


@frozen
class WrittenLast(WrittenNamed):
    more: int = 0


@pytest.mark.parametrize(
    ("made", "standard"), [(Written, Standard), (WrittenNamed, StandardNamed), (WrittenLast, StandardLast)]
)
def test_a_class_has_what_a_standard_one_has(made: Any, standard: Any) -> None:
    told = ("name", "type", "default", "default_factory", "init", "repr", "hash", "compare", "kw_only", "metadata")
    for one, other in zip(fields(made), fields(standard), strict=True):
        assert [getattr(one, name) for name in told] == [getattr(other, name) for name in told]
    assert made.__match_args__ == standard.__match_args__
    assert made.__slots__ == standard.__slots__
    assert (made.__module__, made.__qualname__) == (__name__, made.__name__)
    assert all(map(is_dataclass, (made, made("1"))))
    assert asdict(made("1", 2, {"a": "b"})) == asdict(standard("1", 2, {"a": "b"}))
    assert not hasattr(made("1"), "__dict__")


def test_a_class_keeps_the_way_in_which_it_is_made() -> None:
    @frozen
    class Doubled:
        value: int

        def __init__(self, half: int) -> None:
            object.__setattr__(self, "value", 2 * half)

    assert Doubled(2).value == 4


@dataclass(frozen=True, slots=True)
class Extended(Checked):
    """A standard dataclass that extends a frozen class."""

    name: str = "none"


def test_a_standard_dataclass_can_extend_it() -> None:
    assert Extended(1, "one") == standard_replace(Extended(1), name="one") != Extended(1)
    with pytest.raises(ValueError, match="negative"):
        Extended(-1)
    with pytest.raises(TypeError, match="cannot inherit non-frozen"):
        dataclass(type("Changing", (Checked,), {}))


def test_it_is_shown_by_those_who_show_dataclasses(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "n" * 100
    assert name in pprint.pformat([Written(name)])
    monkeypatch.setattr(request.config.option, "verbose", 2)
    with pytest.raises(AssertionError) as failed:
        assert [Written(name, 1)] == [Written(name, 2)]
    said = [line.split() for line in str(failed.value).splitlines()]
    assert ["-", f"Written(number='{name}',", "count=2,", "tags={},", "note=''),"] in said
    assert ["+", f"Written(number='{name}',", "count=1,", "tags={},", "note=''),"] in said


def test_the_signature_of_an_object_is_that_of_its_call() -> None:
    @frozen
    class Handler:
        name: str

        def __call__(self, event: str, context: str) -> str:
            return self.name + event + context

    assert [*inspect.signature(Handler).parameters] == ["name"]
    assert [*inspect.signature(Handler("a")).parameters] == ["event", "context"]


def test_it_is_a_dataclass_to_others() -> None:
    assert [one.name for one in fields(Written)] == [one.name for one in fields(Standard)]
    assert [*inspect.signature(Written).parameters] == [*inspect.signature(Standard).parameters]
    assert replace(Written("1", 2), count=3) == Written("1", 3)
    match Written("1", 2):
        case Written(number, count):
            assert (number, count) == ("1", 2)
    assert TypeAdapter(Written).validate_python({"number": "1", "count": 2}) == Written("1", 2)
    with pytest.raises(ValueError, match="negative"):
        TypeAdapter(Checked).validate_python({"value": -1})

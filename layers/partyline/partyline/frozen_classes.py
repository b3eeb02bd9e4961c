"""Frozen dataclasses with slots that are made in a tenth of the time.

`dataclasses.dataclass` writes the source of each method and compiles it whenever a process starts. That is 0.8 ms for a
class, and a function has more than a hundred. Here the methods of all classes are the same, and ask for the fields of
theirs (decision 0171). Objects are made as fast.

Otherwise they are dataclasses: `field`, `fields`, `replace`, `match` and pydantic work. What no class here uses is left
out: fields by keyword only or without a parameter, order, copies other than by `replace`, and pickles. The `replace` of
this module is the faster one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, dataclass_transform

if TYPE_CHECKING:
    # By this name mypy compares the changes with the fields.
    from dataclasses import replace as replace  # noqa: PLC0414  (so it is exported)
else:

    def replace(original: Any, /, **changes: Any) -> Any:
        """Return a copy of an object of a frozen class, with other values of some fields, in a third of the time."""
        kind, named = original.__class__, 0
        made = object.__new__(kind)
        for name, setter in kind.__setters__:
            if name in changes:
                setter(made, changes[name])
                named += 1
            else:
                setter(made, getattr(original, name))
        if named < len(changes):
            raise TypeError(f"{kind.__name__} has no place for {', '.join(changes)}")
        if hasattr(made, "__post_init__"):
            made.__post_init__()
        return made


Kind = TypeVar("Kind")


class _SignatureOfFields:
    """Tells `inspect.signature` what a class takes, when it asks: `help`, consoles and tests do."""

    def __get__(self, _: Any, kind: type[Any]) -> Any:
        """Return the signature of a class."""
        from inspect import Parameter, Signature  # noqa: PLC0415  (no function needs it)

        def describe(one: Field[Any]) -> Parameter:
            default = _read_default(kind, one) if _has_default(one) else Parameter.empty
            return Parameter(one.name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=one.type)

        return Signature([describe(one) for one in fields(kind)])


_SIGNATURE = _SignatureOfFields()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[Kind]) -> type[Kind]:
    """Make of a class what `@dataclass(frozen=True, slots=True)` makes of it. Methods that it defines stay."""
    made: type[Any] = dataclass(init=False, repr=False, eq=False, slots=True)(kind)
    # The setter of a slot does not ask __setattr__, which refuses.
    made.__setters__ = tuple((one.name, getattr(made, one.name).__set__) for one in fields(made))
    # The class comes first, so that there is a value where a class has no fields.
    compared = attrgetter("__class__", *(one.name for one in fields(made) if one.compare))
    methods: dict[str, Callable[..., Any]] = {
        "__init__": _build_init(made),
        "__repr__": _describe,
        "__eq__": lambda self, other: _equals(compared, self, other),
        "__hash__": lambda self: hash(compared(self)),
        "__setattr__": _refuse_assignment,
        "__delattr__": _refuse_deletion,
    }
    for name, method in methods.items():
        if name not in kind.__dict__:
            setattr(made, name, method)
    made.__signature__ = _SIGNATURE
    return made


def _build_init(kind: type[Any]) -> Callable[..., None]:
    """Build `__init__`: fields get their values by position, then by name, then from their defaults."""
    parts = tuple((*pair, one.default, one) for pair, one in zip(kind.__setters__, fields(kind), strict=True))
    names, setters = tuple(part[0] for part in parts), tuple(part[1] for part in parts)
    has_post_init = hasattr(kind, "__post_init__")

    def initialize(self: Any, /, *args: Any, **kwargs: Any) -> None:
        for setter, value in zip(setters, args):  # noqa: B905  (to say `strict` takes as long as three fields)
            setter(self, value)
        if len(args) == len(parts) and not kwargs and not has_post_init:
            return
        named = 0
        for name, setter, default, one in parts[len(args) :]:
            if name in kwargs:
                setter(self, kwargs[name])
                named += 1
            elif default is not MISSING:
                setter(self, default)
            else:
                setter(self, _read_default(kind, one))
        if named < len(kwargs) or len(args) > len(parts):
            unknown = ", ".join(name for name in kwargs if name not in names[len(args) :])
            raise TypeError(f"{kind.__name__} has no place for {unknown or args[len(parts) :]}")
        if has_post_init:
            self.__post_init__()

    return initialize


def _has_default(one: Field[Any]) -> bool:
    return one.default is not MISSING or one.default_factory is not MISSING


def _read_default(kind: type[Any], one: Field[Any]) -> Any:
    if one.default is not MISSING:
        return one.default
    if one.default_factory is not MISSING:
        return one.default_factory()
    raise TypeError(f"{kind.__name__} lacks {one.name}")


def _describe(self: Any) -> str:
    values = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(values)})"


def _equals(compared: Callable[[Any], Any], self: Any, other: Any) -> Any:
    return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented


def _refuse_assignment(_self: Any, name: str, _value: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(_self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")

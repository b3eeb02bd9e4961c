"""Frozen dataclasses with slots that are made in a tenth of the time.

`dataclasses.dataclass` writes the source of each method and compiles it whenever a process starts. That is 0.8 ms for a
class, and a function has more than a hundred. Here the methods of all classes are the same, and ask for the fields of
theirs (decisions 0171, 0179). Objects are made as fast.

Otherwise they are dataclasses: `field`, `fields`, `replace`, `match` and pydantic work. What no class here uses is left
out: fields by keyword only or without a parameter, order, copies other than by `replace`, pickles, and `super()`
without arguments. The `replace` of this module is the faster one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import _FIELD, MISSING, Field, FrozenInstanceError, field, fields  # type: ignore[attr-defined]  # below
from inspect import get_annotations
from operator import attrgetter
from types import SimpleNamespace
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
            unknown = ", ".join(name for name in changes if name not in kind.__dataclass_fields__)
            raise TypeError(f"{kind.__name__} has no place for {unknown}")
        if hasattr(made, "__post_init__"):
            made.__post_init__()
        return made


Kind = TypeVar("Kind")
# What a class has by itself, and a new one gets.
_OWN = frozenset({"__dict__", "__weakref__"})
# How a class was made, to those who show objects, and to a standard dataclass that extends it. The standard library's
# own class for it takes other arguments in each version of Python.
_PARAMETERS = SimpleNamespace(
    **dict.fromkeys(("init", "repr", "eq", "frozen", "match_args", "slots"), True),
    **dict.fromkeys(("order", "unsafe_hash", "kw_only", "weakref_slot"), False),
)


class _SignatureOfFields:
    """Tells `inspect.signature` what a class takes, when it asks: `help`, consoles and tests do."""

    def __get__(self, made: Any, kind: type[Any]) -> Any:
        """Return the signature of a class. That of an object is the one of its `__call__`, as always."""
        if made is not None:
            raise AttributeError("__signature__")
        from inspect import Parameter, Signature  # noqa: PLC0415  (no function needs it)

        def describe(one: Field[Any]) -> Parameter:
            default = _read_default(kind, one) if _has_default(one) else Parameter.empty
            return Parameter(one.name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=one.type)

        return Signature([describe(one) for one in fields(kind)])


_SIGNATURE = _SignatureOfFields()


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[Kind]) -> type[Kind]:
    """Make of a class what `@dataclass(frozen=True, slots=True)` makes of it. Methods that it defines stay."""
    known = _find_fields(kind)
    # Slots are those of a new class.
    metaclass: Callable[..., Any] = type(kind)
    made: type[Any] = metaclass(kind.__name__, kind.__bases__, _build_body(kind, known))
    # The setter of a slot does not ask __setattr__, which refuses.
    made.__setters__ = tuple([(name, getattr(made, name).__set__) for name in known])
    if "__init__" not in kind.__dict__:
        made.__init__ = _build_init(made, known)
    return made


def _build_body(kind: type[Any], known: Mapping[str, Field[Any]]) -> dict[str, Any]:
    """Build what the new class has: the methods of all frozen classes, what the class defines, and its slots."""
    inherited = {name for base in kind.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    # The class comes first, so that there is a value where a class has no fields.
    compared = attrgetter("__class__", *(name for name, one in known.items() if one.compare))
    return {
        "__repr__": _describe,
        "__eq__": lambda self, other: _equals(compared, self, other),
        "__hash__": lambda self: hash(compared(self)),
        "__setattr__": _refuse_assignment,
        "__delattr__": _refuse_deletion,
        "__match_args__": tuple(known),
        **{name: value for name, value in kind.__dict__.items() if name not in known and name not in _OWN},
        "__qualname__": kind.__qualname__,
        "__slots__": tuple(name for name in known if name not in inherited),
        "__signature__": _SIGNATURE,
        "__dataclass_fields__": known,
        "__dataclass_params__": _PARAMETERS,
    }


def _find_fields(kind: type[Any]) -> dict[str, Field[Any]]:
    """Find the fields of a class, those of its bases first. Raises ValueError for a default that can change."""
    known: dict[str, Field[Any]] = {}
    for base in kind.__mro__[:0:-1]:
        known |= getattr(base, "__dataclass_fields__", {})
    for name, annotation in get_annotations(kind).items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        given = kind.__dict__.get(name, MISSING)
        one: Any = given if isinstance(given, Field) else field(default=given)
        if one.default.__class__.__hash__ is None:
            raise ValueError(f"{kind.__name__}.{name} has a default that can change: use default_factory")
        # As `dataclass` does. By what has no public name, `fields` knows a field of objects from one of the class.
        one.name, one.type, one.kw_only = name, annotation, False
        one._field_type = _FIELD  # noqa: SLF001
        known[name] = one
    return known


def _build_init(kind: type[Any], known: Mapping[str, Field[Any]]) -> Callable[..., None]:
    """Build `__init__`: fields get their values by position, then by name, then from their defaults."""
    parts = tuple([(name, setter, known[name].default, known[name]) for name, setter in kind.__setters__])
    names, setters = tuple(known), tuple([setter for _, setter in kind.__setters__])
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

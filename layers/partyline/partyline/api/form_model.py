"""Forms and queries as pydantic models: one model a form, in which wrong parameters become Twilio's refusals.

    class RoleForm(Form):
        friendly_name: Clearable[Name] | None = None       # FriendlyName

    form = RoleForm.parse(call.request.form)
    after = replace(before, **form.changes())

Fields are checked in the order of their definition, and the first that is wrong is refused. A field is named as the
attribute that it changes and read from the parameter of the same name in Twilio's writing, unless it has an alias. Of a
parameter that is repeated the last value counts, unless the field is a tuple. A required field that is not given is
checked as if it were empty.
"""

from __future__ import annotations

from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Self, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_pascal
from pydantic_core import PydanticCustomError

from partyline import refusals
from partyline.api.request import Parameters
from partyline.errors import ApiError

_Value = TypeVar("_Value")
_REFUSED: Final = "refused"
_INVALID: Final = "invalid_parameter"
# In the metadata of a field: None is a value that the field can be changed to.
CLEARABLE: Final = "clearable"

# Where pydantic's own check says enough, its error in the API's words.
_TEXTS = {"string_too_long": "it is longer than {max_length} characters"}


def none_if_empty(value: Any) -> Any:
    """Read an empty parameter as None."""
    return None if value == "" else value


# A field that an empty parameter clears.
Clearable = Annotated[_Value | None, BeforeValidator(none_if_empty), CLEARABLE]


def invalid(problem: str) -> PydanticCustomError:
    """Build the error of a validator that refuses with 20001; the field's parameter is named by `Form.parse`."""
    return PydanticCustomError(_INVALID, "{problem}", {"problem": problem})


def refused(refusal: ApiError) -> PydanticCustomError:
    """Build the error of a validator that refuses with a code of its own."""
    return PydanticCustomError(_REFUSED, "{text}", {"text": refusal.message, "refusal": refusal})


class Form(BaseModel):
    """The parameters of one kind of request. Unknown parameters are ignored, as at Twilio.

    Models are built when they are first used: a function that answers one request does not pay for all of them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_pascal, defer_build=True)

    @classmethod
    def parse(cls, given: Parameters, **context: Any) -> Self:
        """Read the parameters. Raises the ApiError of the first field that is wrong.

        `context` is what validators need to know besides the parameter (ValidationInfo).
        """
        values: dict[str, Any] = {}
        for parameter, is_repeated, is_required in _parameters_of(cls):
            if parameter in given.values:
                values[parameter] = given.values[parameter] if is_repeated else given.values[parameter][-1]
            elif is_required:
                values[parameter] = () if is_repeated else ""
        try:
            return cls.model_validate(values, context=context)
        except ValidationError as error:
            raise _to_refusal(error) from None

    def changes(self) -> dict[str, Any]:
        """Return the attributes that the parameters change, None for one that is cleared."""
        fields = type(self).model_fields
        return {
            name: value
            for name in fields
            if name in self.model_fields_set
            and ((value := getattr(self, name)) is not None or CLEARABLE in fields[name].metadata)
        }


@cache
def _parameters_of(form: type[Form]) -> tuple[tuple[str, bool, bool], ...]:
    """Return the parameter of each field, whether it is repeatable, and whether it is required."""
    return tuple(
        (field.alias or name, _is_tuple(field.annotation), field.is_required())
        for name, field in form.model_fields.items()
    )


def _is_tuple(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_tuple(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return any(_is_tuple(part) for part in get_args(annotation))
    return origin is tuple


def _to_refusal(error: ValidationError) -> ApiError:
    first = error.errors(include_url=False, include_input=False)[0]
    context = first.get("ctx", {})
    refusal = context.get("refusal")
    if isinstance(refusal, ApiError):
        return refusal
    problem = _TEXTS.get(first["type"], "{problem}").format_map({"problem": first["msg"], **context})
    return refusals.invalid_parameter(str(first["loc"][0]), problem)

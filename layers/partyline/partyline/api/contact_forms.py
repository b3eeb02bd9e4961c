"""The forms of contacts: names, numbers, owners and do-not-disturb as clients write them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from partyline.api.field_types import Address, Attributes, Boolean, Name, Owner, sid_of, whole_number
from partyline.api.form_model import Clearable, Form, invalid
from partyline.domain import contacts, identities, json_texts, sids
from partyline.domain.contacts import MAX_LABEL, MAX_NUMBERS, ContactNumber

MAX_REASON = 256


def _check_name(value: str) -> str:
    name = value.strip()
    if not name or not identities.is_visible(name):
        raise invalid("it is a name of visible characters")
    return name


def _parse_numbers(values: tuple[str, ...]) -> tuple[ContactNumber, ...]:
    value = values[-1]
    try:
        given = json_texts.parse_json(value) if value else []
    except ValueError:
        given = None
    if not isinstance(given, list):
        raise invalid("it is a JSON array of numbers")
    return contacts.check_numbers([_parse_number(one) for one in given])


def _parse_number(given: object) -> ContactNumber:
    if isinstance(given, str):
        return ContactNumber(given)
    if not isinstance(given, dict) or not isinstance(given.get("number"), str):
        raise invalid('each entry is an object with a "number"')
    label, primary = given.get("label") or "", given.get("primary") or False
    if not isinstance(label, str) or len(label) > MAX_LABEL or not identities.is_visible(label):
        raise invalid(f'each "label" is a text of at most {MAX_LABEL} visible characters')
    if not isinstance(primary, bool):
        raise invalid('each "primary" is true or false')
    return ContactNumber(given["number"], label.strip(), primary)


_FriendlyName = Annotated[Name, AfterValidator(_check_name)]
_Reason = Annotated[str, Field(max_length=MAX_REASON), AfterValidator(str.strip)]
_Numbers = Annotated[
    tuple[ContactNumber, ...],
    BeforeValidator(_parse_numbers),
    WithJsonSchema(
        {
            "type": "string",
            "contentMediaType": "application/json",
            "examples": ['[{"number": "+12065550150", "label": "mobile", "primary": true}]'],
        }
    ),
]
_Version = Annotated[int, whole_number(1)]


class ContactForm(Form):
    """What is set of a contact. A parameter that is not given changes nothing."""

    friendly_name: _FriendlyName | None = Field(None, description="The contact's name.")
    numbers: _Numbers | None = Field(
        None,
        description=f"A JSON array of at most {MAX_NUMBERS} numbers, each with `number`, `label` and `primary`. It "
        "replaces all earlier ones. The first is primary unless another one is.",
    )
    owner: Owner = Field(
        None, description="The identity that the contact is assigned to, which need not be a user yet. Empty: none."
    )
    do_not_disturb: Boolean | None = Field(None, description="Whether the contact is to get no texts from any line.")
    do_not_disturb_reason: _Reason | None = Field(None, description="Why not, in your own words.")
    attributes: Attributes | None = Field(None, description="A JSON text of your own.")


class NewContactForm(ContactForm):
    """A new contact."""

    friendly_name: _FriendlyName = Field(description="The contact's name.", examples=["Bob Miller"])


class ContactUpdateForm(ContactForm):
    """What is changed of a contact."""

    version: _Version | None = Field(
        None, description="The version that the change is made to; refused when the contact has another one."
    )


class ContactMergeForm(Form):
    """The contact whose numbers another one gets."""

    contact_sid: Annotated[str, sid_of(sids.CONTACT)] = Field(description="The contact that ends. Required.")


class ContactDeletionQuery(Form):
    """How much of a deleted contact is kept."""

    erase: Boolean | None = Field(
        None,
        description="Whether its name and its history are deleted too, also of a contact that was deleted before.",
    )


class ContactListQuery(Form):
    """Which contacts a list shows."""

    q: Clearable[Name] = Field(
        None,
        alias="Q",
        description="Beginnings of words of the name, in any order; or the end of a number, of three digits or more. "
        "The list is by the word or number that was found.",
    )
    number: Clearable[Address] = Field(None, description="The contact with this number, if any.")
    owner: Owner = Field(None, description="The contacts of this identity only.")

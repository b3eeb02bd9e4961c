"""Describe a handler for the OpenAPI document: its form, its query, its answers and its refusals.

Our own resources have one; for Twilio's resources its own document holds. `local.openapi` writes the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from partyline.api.form_model import Form
from partyline.api.response_model import ResponseModel
from partyline.frozen_classes import frozen


@frozen
class Operation:
    """The types of one handler.

    `answers` has the model of each successful status, None for an answer without a body. `list_of` is a page of a list
    instead: its key in the answer, and the model of an entry. `refusals` are the codes of its own; those that any
    request can get (authentication, unknown path, load) are not repeated. `idempotent` is whether the handler takes an
    Idempotency-Key.
    """

    form: type[Form] | None = None
    query: type[Form] | None = None
    answers: Mapping[int, type[ResponseModel] | None] = field(default_factory=dict)
    list_of: tuple[str, type[ResponseModel]] | None = None
    refusals: tuple[int, ...] = ()
    idempotent: bool = False
    content_type: str = "application/json"

"""Typed reading of the parameters that webhooks of every kind have."""

from __future__ import annotations

from collections.abc import Sequence

from partyline import refusals
from partyline.api import forms
from partyline.api.request import Parameters
from partyline.domain.webhook_configuration import WebhookMethod, parse_event_name


def read_method(given: Parameters, name: str) -> WebhookMethod | None:
    """Read how a webhook is called; None when it is not given. Raises ApiError 50055."""
    return forms.read_choice(given, name, WebhookMethod, lambda _: refusals.webhook_method_invalid(name))


def read_events(given: Parameters, name: str, among: Sequence[str]) -> tuple[str, ...] | None:
    """Read the events that a repeatable parameter names, once each.

    Empty when it is given without a value, None when it is not given. Raises ApiError 50365.
    """
    if name not in given.values:
        return None
    found: dict[str, None] = {}
    for value in filter(None, given.all(name)):
        known = parse_event_name(value, among)
        if known is None:
            raise refusals.webhook_event_unknown(name, value, among)
        found[known] = None
    return tuple(found)

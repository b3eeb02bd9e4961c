"""Consult the pre-action webhook before a request changes anything.

Handlers consult it after every check that the request can fail by itself, and before they write: an answer that rejects
leaves everything unchanged. The header that enables post-action webhooks governs this too, so that a receiver which
calls the API does not call itself.
"""

from __future__ import annotations

from partyline import refusals
from partyline.api.context import Call
from partyline.api.request import Parameters
from partyline.domain import events
from partyline.domain.events import Event
from partyline.storage import webhooks


def consult(call: Call, event: Event) -> Parameters:
    """Consult the pre-action webhook about an event, and return what it changes.

    The changes are the parameters by which a caller would have made them; their values are checked as a caller's are.
    Called once for each request, however often that is tried. Costs no round trip where the scope has the webhooks, or
    they are not enabled, and else one. Raises ApiError 50056.
    """
    if not call.cause.notify_webhooks:
        return Parameters()
    in_force = call.scope.webhooks or webhooks.fetch_configuration_in_force(call.table, call.scope.service_sid)
    answer = call.ask(in_force, events.with_default_role(event, call.scope.service), call.cause)
    if answer.rejected:
        raise refusals.pre_webhook_rejected(event.type)
    return Parameters.from_pairs((_parameter_name(name), value) for name, value in answer.changes.items())


def _parameter_name(name: str) -> str:
    """Return the parameter of a field: FriendlyName for friendly_name."""
    return "".join(part.capitalize() for part in name.split("_"))

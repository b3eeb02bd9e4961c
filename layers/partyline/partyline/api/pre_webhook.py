"""What a request is about to do is asked of the pre-action webhook first.

Handlers ask after everything that can be said against a request by itself, and before they write: with an answer that
refuses, nothing has changed. The header that has post webhooks told governs this too, so that a receiver which acts
over REST does not ask itself.
"""

from __future__ import annotations

from partyline import refusals
from partyline.api.context import Call
from partyline.api.request import Parameters
from partyline.domain import events
from partyline.domain.events import Event
from partyline.storage import webhooks


def consult(call: Call, event: Event) -> Parameters:
    """Ask about what is going to happen; what the webhook changes of it, as the parameters by which a caller would have
    said so. Their values are still to be checked as a caller's are.

    Asked once for each request, however often it is tried. Costs one round trip, and nothing where webhooks are not
    told. Raises ApiError 50056.
    """
    if not call.cause.notify_webhooks:
        return Parameters()
    force = webhooks.fetch_in_force(call.table, call.scope.service_sid)
    answer = call.ask(force.webhooks, events.with_default_role(event, call.scope.service), call.cause)
    if answer.rejected:
        raise refusals.pre_webhook_rejected(event.type)
    return Parameters.of((_parameter_name(name), value) for name, value in answer.changes.items())


def _parameter_name(name: str) -> str:
    """The parameter of a field: friendly_name is set by FriendlyName."""
    return "".join(part.capitalize() for part in name.split("_"))

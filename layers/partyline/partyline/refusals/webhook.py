"""Refusals about webhooks: of the account, of a Service, of a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from partyline.errors import ApiError
from partyline.refusals.dictionary import refuse


def webhook_method_invalid(parameter: str) -> ApiError:
    return refuse(50055, parameter=parameter, reason="use get or post")


def pre_webhook_url_invalid(problem: str) -> ApiError:
    return refuse(50077, parameter="PreWebhookUrl", reason=problem)


def post_webhook_url_invalid(problem: str) -> ApiError:
    return refuse(50078, parameter="PostWebhookUrl", reason=problem)


def pre_webhook_rejected(event: str) -> ApiError:
    return refuse(50056, event=event)


def webhook_event_unknown(parameter: str, event: str, events: Sequence[str]) -> ApiError:
    return refuse(50365, parameter=parameter, filter=event, reason=f"use {', '.join(events)}")


def too_many_webhooks(limit: int) -> ApiError:
    return refuse(50361, reason=f"a conversation has at most {limit}")


def too_many_triggers(limit: int) -> ApiError:
    return refuse(50362, parameter="Configuration.Triggers", reason=f"at most {limit}")


def webhook_target_invalid(targets: Sequence[str]) -> ApiError:
    return refuse(50364, parameter="Target", reason=f"use {', '.join(targets)}")


def trigger_invalid(limit: int) -> ApiError:
    return refuse(50366, parameter="Configuration.Triggers", reason=f"each has 1 to {limit} characters")


def flow_invalid() -> ApiError:
    return refuse(50367, parameter="Configuration.FlowSid", reason="it is not FW and 32 hexadecimal digits")


def webhook_target_missing() -> ApiError:
    return refuse(50368, parameter="Target")


def webhook_url_missing() -> ApiError:
    return refuse(50369, parameter="Configuration.Url")


def webhook_filter_missing() -> ApiError:
    return refuse(50370, parameter="Configuration.Filters")


def trigger_missing() -> ApiError:
    return refuse(50371, parameter="Configuration.Triggers")


def webhook_url_too_long(limit: int) -> ApiError:
    return refuse(50372, parameter="Configuration.Url", reason=f"at most {limit} characters")

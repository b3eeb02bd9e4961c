"""Handle STOP, START and HELP as the carriers do: Telnyx for a whole profile, Twilio for each number."""

from __future__ import annotations

_WORDS = {
    **dict.fromkeys(("STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"), "STOP"),
    **dict.fromkeys(("START", "UNSTOP"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}
ANSWERS = {
    "STOP": "You have successfully been unsubscribed. You will receive no more messages. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def keyword(text: str) -> str | None:
    """STOP, START or HELP; None for anything else."""
    return _WORDS.get(text.strip().upper())


def scope(carrier: str, line: str) -> str | None:
    """What a handset's STOP to a line holds for; None where the carrier leaves it to the line's owner."""
    return {"telnyx": "the profile", "twilio": line}.get(carrier)

"""Check the sends of a new message: that their thread is free, and that lines and carriers can send them."""

from __future__ import annotations

from collections.abc import Sequence

from partyline import refusals
from partyline.api import authorization
from partyline.api.context import Call
from partyline.api.resources import attachments
from partyline.carriers.registry import LIMITS
from partyline.domain.conversations import group_of, masked_threads
from partyline.domain.join_rules import check_reachable
from partyline.domain.lines import Line
from partyline.domain.media import Media
from partyline.domain.membership import Roster
from partyline.domain.sends import Send
from partyline.storage import conversations, lines
from partyline.storage.lines import SendingLines


def require_free_thread(call: Call, roster: Roster) -> None:
    """Refuse a text that would show up in another conversation's thread (50416 for a pair, 50438)."""
    thread = group_of(roster.participants).thread
    if thread is None or owns_thread(roster):
        return
    owner = conversations.find_open_owner(call.table, thread, call.now)
    if owner is not None and owner.sid != roster.conversation.sid:
        raise refusals.thread_taken(thread, owner.sid)


def owns_thread(roster: Roster) -> bool:
    """Whether the conversation owns the thread of its group, if it has one."""
    thread = group_of(roster.participants).thread
    return thread is None or thread in roster.conversation.threads


def check_lines(call: Call, roster: Roster, sends: Sequence[Send], uploads: Sequence[Media]) -> None:
    """Refuse what the carriers of the sending numbers cannot do, and a message that reaches no recipient.

    Raises ApiError 20409 (contacts who want no texts), 21610, 21623, 21653, 50107 (a line that the caller may not use),
    50407 (an address that came with a text and cannot be texted), 50413, 50439, 50511, 50512.
    """
    known = lines.fetch_for_sends(call.table, sends, call.scope.service_sid)
    authorization.require_sending_lines(call, sends, known.lines)
    _check_recipients(sends, known)
    masked = masked_threads(roster.participants)
    for send in sends:
        line = known.lines.get(send.sender)
        if line is None:
            not_ours = refusals.proxy_not_ours if send.thread in masked else refusals.projected_not_ours
            raise not_ours(send.sender)
        _check_carrier(send, line, uploads)


def _check_recipients(sends: Sequence[Send], known: SendingLines) -> None:
    """Refuse a message that no recipient gets. Raises ApiError 20409, 21610."""
    if not sends or any(send.natives.keys() - known.left_out_of(send) for send in sends):
        return
    participants = sorted({sid for send in sends for sid in send.natives.values()})
    has_opt_out = any(known.opted_out_of(send) for send in sends)
    raise refusals.opted_out(participants) if has_opt_out else refusals.do_not_disturb(participants)


def _check_carrier(send: Send, line: Line, uploads: Sequence[Media]) -> None:
    """Refuse what the carrier of one line cannot do. Raises ApiError 21623, 21653, 50407, 50511, 50512."""
    is_group, limits = len(send.recipients) > 1, LIMITS[line.carrier]
    for native in send.natives:
        check_reachable(native, group=is_group)
    if len(send.recipients) > limits.recipients:
        raise refusals.line_over_recipients(line.address, line.carrier, limits.recipients, len(send.recipients))
    attachments.check_media(uploads, line.address, line.carrier, limits, group=is_group)

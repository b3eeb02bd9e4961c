"""The calls that a function makes to what is around it: they are counted, and one of them can go wrong.

A call is what the product asks a client for. What the client does again by itself is a part of it: so a call that gets
no answer is one whose client has given up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from partyline.errors import RequestFailed, RequestTimedOut
from partyline.http_client import HttpResponse

# Calls that can be carried out in part.
_BATCHES = frozenset({"batch_get_item", "batch_write_item", "batch_execute_statement", "send_message_batch"})


class Fault(StrEnum):
    """What goes wrong with a call.

    - SHORT_THROTTLE: it is refused as too fast, and would be taken a moment later.
    - THROTTLE: it is refused as too fast, and so is all that the function asks of this service from then on.
    - NO_ANSWER: it is not carried out, and the client runs into its time-out.
    - ANSWER_LOST: it is carried out, and the client runs into its time-out.
    - REPEATED: it is carried out, its answer is lost, and the client repeats it: twice in all.
    - IN_PART: a batch of which a part is carried out.
    """

    SHORT_THROTTLE = "short throttle"
    THROTTLE = "throttle"
    NO_ANSWER = "no answer"
    ANSWER_LOST = "answer lost"
    REPEATED = "repeated by the client"
    IN_PART = "in part"


_OF_TABLE = (Fault.SHORT_THROTTLE, Fault.THROTTLE, Fault.NO_ANSWER, Fault.ANSWER_LOST, Fault.REPEATED)
# No other service is asked again by the product, and a server is asked once by its client.
_OF_OTHERS = (Fault.THROTTLE, Fault.NO_ANSWER, Fault.ANSWER_LOST)
_READS = ("get_", "batch_get", "query", "scan", "transact_get", "head_", "list_", "describe_", "generate_", "receive_")


@dataclass(frozen=True)
class MadeCall:
    """A call that was made: its number, from 1, and what it asked for, such as `dynamodb.put_item`."""

    number: int
    operation: str

    def faults(self) -> list[Fault]:
        """What can go wrong with it. The lost answer of a read is none."""
        service, _, name = self.operation.partition(".")
        found = _OF_TABLE if service == "dynamodb" else _OF_OTHERS
        is_read = name.startswith(_READS) and service != "http"
        faults = [one for one in found if not (is_read and one in {Fault.ANSWER_LOST, Fault.REPEATED})]
        return [*faults, Fault.IN_PART] if name in _BATCHES else faults


@dataclass
class Calls:
    """The calls of one invocation. `fault` happens at the call with the number `at`."""

    at: int = 0
    fault: Fault | None = None
    made: list[MadeCall] = field(default_factory=list)

    def make(self, operation: str, carry_out: Callable[[], Any], in_part: Callable[[], Any] | None = None) -> Any:
        """Make a call of AWS. `in_part` carries out a part of a batch."""
        match self._next_fault(operation):
            case Fault.SHORT_THROTTLE | Fault.THROTTLE:
                raise _throttled(operation)
            case Fault.NO_ANSWER:
                raise ReadTimeoutError(endpoint_url="https://aws.example")
            case Fault.ANSWER_LOST:
                _carry_out_unseen(carry_out)
                raise ReadTimeoutError(endpoint_url="https://aws.example")
            case Fault.REPEATED:
                _carry_out_unseen(carry_out)
            case Fault.IN_PART if in_part:
                return in_part()
        return carry_out()

    def ask(self, operation: str, carry_out: Callable[[], HttpResponse]) -> HttpResponse:
        """Make a call of a server over HTTP."""
        match self._next_fault(operation):
            case Fault.THROTTLE:
                return HttpResponse(429, b"", {})
            case Fault.NO_ANSWER:
                raise RequestFailed("no connection")
            case Fault.ANSWER_LOST:
                carry_out()
                raise RequestTimedOut("no answer", sent=True)
        return carry_out()

    def _next_fault(self, operation: str) -> Fault | None:
        self.made.append(MadeCall(len(self.made) + 1, operation))
        number = len(self.made)
        if number == self.at:
            return self.fault
        service, at = operation.partition(".")[0], self.made[self.at - 1].operation if 0 < self.at < number else ""
        return self.fault if self.fault is Fault.THROTTLE and at.startswith(f"{service}.") else None


def _carry_out_unseen(carry_out: Callable[[], Any]) -> None:
    try:
        carry_out()
    except ClientError:
        # Nobody sees that it was refused.
        return


def _throttled(operation: str) -> ClientError:
    name = operation.partition(".")[2]
    code = "TransactionCanceledException" if name.startswith("transact_") else "ThrottlingException"
    response: Any = {
        "Error": {"Code": code, "Message": "injected"},
        "CancellationReasons": [{"Code": "ThrottlingError"}],
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    return ClientError(response, name)

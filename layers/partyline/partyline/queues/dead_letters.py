"""Remove messages from dead-letter queues by what is in them. The others stay: nobody else receives there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from partyline.frozen_classes import frozen

if TYPE_CHECKING:
    from partyline.aws.sqs import QueueClient

# How many messages of a queue are read at most.
MOST = 500
# For how many seconds those that were read are hidden, and for how many one is waited for: without a pause, SQS asks
# only some of its servers.
HIDDEN, WAIT = 60, 1
_BATCH = 10


class SearchResult(NamedTuple):
    """How many messages were removed, and the names of the queues of which not every message could be read."""

    removed: int = 0
    unread: tuple[str, ...] = ()


# Whether a message is to be removed, by its body.
IsWanted = Callable[[str], bool]


def search_nothing(is_wanted: IsWanted) -> SearchResult:  # noqa: ARG001  (as DeadLetters.remove)
    """Search no queue."""
    return SearchResult()


@frozen
class DeadLetters:
    """Some dead-letter queues."""

    sqs: QueueClient
    urls: tuple[str, ...]

    def remove(self, is_wanted: IsWanted) -> SearchResult:
        """Remove the messages that are wanted.

        Of a FIFO queue the messages of a group come in order: those behind ten that stay cannot be read.
        """
        results = [self._search(url, is_wanted) for url in self.urls]
        return SearchResult(sum(one.removed for one in results), tuple(name for one in results for name in one.unread))

    def _search(self, url: str, is_wanted: IsWanted) -> SearchResult:
        staying: list[str] = []
        removed = 0
        while removed + len(staying) < MOST and (found := self._receive(url)):
            for message in found:
                if is_wanted(message["Body"]):
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    removed += 1
                else:
                    staying.append(message["ReceiptHandle"])
        # Those that were read are hidden: what is visible was not read.
        is_complete = self._count(url) == 0
        self._release(url, staying)
        return SearchResult(removed, () if is_complete else (url.rpartition("/")[2],))

    def _receive(self, url: str) -> list[Any]:
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=_BATCH, VisibilityTimeout=HIDDEN, WaitTimeSeconds=WAIT
        )
        return [*answer.get("Messages", [])]

    def _count(self, url: str) -> int:
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def _release(self, url: str, handles: Iterable[str]) -> None:
        """Show messages again."""
        for handle in handles:
            self.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)

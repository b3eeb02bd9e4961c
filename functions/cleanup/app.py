"""The clean-up queue: delete what a removed conversation, Service, user or file has left behind, and erase people.

Delivery: at least once for each removal.

The work is in `partyline.lifecycle.cleanup`.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.lifecycle.cleanup import Cleaner
from partyline.observability import count, logger, metrics
from partyline.queues.dead_letters import DeadLetters
from partyline.queues.long_jobs import LongJobs
from partyline.queues.queue_consumer import BatchResponse, consume
from partyline.queues.queue_messages import Removed
from partyline.settings import variable

SQS = bootstrap.build_sqs()
TABLE = bootstrap.build_table(bootstrap.read_hash_key)
BUCKET = bootstrap.build_bucket()
bootstrap.prepare(TABLE.connect, BUCKET.prepare)
# No step begins in the last milliseconds of a run.
RESERVE = 10_000


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Clean up for as long as there is time. What is not finished goes back into the queue."""
    dead_letters = DeadLetters(SQS, tuple(variable("DEAD_LETTERS_URLS").split(",")))
    has_time = bootstrap.build_time_check(context, RESERVE)
    cleaner = Cleaner(TABLE, BUCKET, bootstrap.now, has_time, dead_letters.remove)
    jobs = LongJobs(
        Removed,
        SQS,
        variable("CLEANUP_QUEUE_URL"),
        lambda removed: None if cleaner.clean_up(removed) else removed,
        _record,
    )
    return consume(event, jobs.handle)


def _record(removed: Removed, done: bool) -> None:  # noqa: FBT001  (it is called as LongJobs does)
    logger.info("cleanup.run", kind=removed.kind.value, sid=removed.sid, done=done)
    count("CleanupDone" if done else "CleanupContinued")

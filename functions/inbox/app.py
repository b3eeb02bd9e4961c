"""The queue of the inbox: bring entries up to date.

Delivery: at least once for each job, in any order. A repeat changes nothing.

The work is in `partyline.stream.inbox_projector`.
"""

from __future__ import annotations

from functools import partial

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.observability import count, logger, metrics
from partyline.queues.long_jobs import LongJobs
from partyline.queues.queue_consumer import BatchResponse, consume
from partyline.queues.queue_messages import InboxJob
from partyline.settings import variable
from partyline.storage.service_settings import ConfirmedSettings, SettingsCache, read_version
from partyline.stream.inbox_projector import InboxProjector

SQS = bootstrap.build_sqs()
TABLE = bootstrap.build_table()
SETTINGS = SettingsCache(TABLE, bootstrap.now)
bootstrap.prepare(TABLE.connect)
# No entry is begun in the last milliseconds of a run.
RESERVE = 5_000


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Bring up to date what each job names. What there is no time for goes back into the queue."""
    has_time = bootstrap.build_time_check(context, RESERVE)
    settings = ConfirmedSettings(SETTINGS, partial(read_version, TABLE))
    projector = InboxProjector(TABLE, bootstrap.now, has_time, settings.fetch_service)
    jobs = LongJobs(InboxJob, SQS, variable("INBOX_QUEUE_URL"), projector.run, _record)
    return consume(event, jobs.handle)


def _record(job: InboxJob, done: bool) -> None:  # noqa: FBT001  (it is called as LongJobs does)
    logger.info("inbox.run", kind=job.kind.value, service_sid=job.service_sid, done=done)
    count("InboxDone" if done else "InboxContinued")

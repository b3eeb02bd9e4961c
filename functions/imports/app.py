"""The queue of imports: create contacts of the rows of a file, or check them.

Delivery: at least once for each run of an import.

The work is in `partyline.lifecycle.contact_importer`.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.deadline import track_deadline
from partyline.lifecycle.contact_importer import ContactImporter
from partyline.observability import count, logger, metrics
from partyline.queues.long_jobs import LongJobs
from partyline.queues.queue_consumer import BatchResponse, consume
from partyline.queues.queue_messages import ImportRun
from partyline.settings import variable

SQS = bootstrap.build_sqs()
TABLE = bootstrap.build_table()
BUCKET = bootstrap.build_bucket()
bootstrap.prepare(TABLE.connect, BUCKET.prepare)
# No rows are begun in the last milliseconds of a run.
RESERVE = 10_000


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Import for as long as there is time. What is not finished goes back into the queue."""
    importer = ContactImporter(TABLE, BUCKET, bootstrap.now, bootstrap.build_time_check(context, RESERVE))
    jobs = LongJobs(
        ImportRun,
        SQS,
        variable("IMPORTS_QUEUE_URL"),
        lambda requested: None if importer.run(requested.sid, requested.run) else requested,
        _record,
    )
    return consume(event, jobs.handle)


def _record(requested: ImportRun, done: bool) -> None:  # noqa: FBT001  (it is called as LongJobs does)
    logger.info("import.run", sid=requested.sid, run=requested.run, done=done)
    count("ImportDone" if done else "ImportContinued")

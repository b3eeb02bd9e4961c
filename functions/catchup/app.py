"""The queue of catch-ups: fetch from a line's carrier the texts whose webhooks did not arrive.

Delivery: at least once for each run of a catch-up. A text is recorded once.

The work is in `partyline.inbound.catch_up_runner`.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.data_classes import SQSEvent, event_source
from aws_lambda_powertools.utilities.typing import LambdaContext

from partyline import bootstrap
from partyline.carriers.listing_registry import MAX_ANSWER_BYTES
from partyline.carriers.transport import build_transport
from partyline.deadline import track_deadline
from partyline.inbound.catch_up_runner import CatchUpRunner, find_delay
from partyline.observability import count, logger, metrics
from partyline.queues.long_jobs import LongJobs
from partyline.queues.queue_consumer import BatchResponse, consume
from partyline.queues.queue_messages import CatchUpRun
from partyline.settings import variable

SQS = bootstrap.build_sqs()
TABLE = bootstrap.build_table(bootstrap.read_hash_key)
PUBLIC_HTTP = bootstrap.build_public_http()
PRE_WEBHOOK = bootstrap.build_pre_webhook(PUBLIC_HTTP)
WEBHOOKS = bootstrap.build_webhook_handler(TABLE, PUBLIC_HTTP, PRE_WEBHOOK.consult)
bootstrap.prepare(bootstrap.load_carriers, TABLE.connect)
HTTP = build_transport(timeout=float(variable("CARRIER_TIMEOUT")), max_answer=MAX_ANSWER_BYTES)
# No text is begun in the last milliseconds of a run: two requests to the carrier, a webhook and its words take less.
RESERVE = 60_000


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
@track_deadline
@event_source(data_class=SQSEvent)
def handler(event: SQSEvent, context: LambdaContext) -> BatchResponse:
    """Catch up for as long as there is time. What is not finished goes back into the queue."""
    runner = CatchUpRunner(
        TABLE,
        WEBHOOKS,
        lambda carrier: bootstrap.build_catch_up_source(carrier, HTTP),
        bootstrap.now,
        bootstrap.build_time_check(context, RESERVE),
    )
    jobs = LongJobs(CatchUpRun, SQS, variable("CATCH_UP_QUEUE_URL"), runner.run, _record, find_delay)
    return consume(event, jobs.handle)


def _record(requested: CatchUpRun, done: bool) -> None:  # noqa: FBT001  (it is called as LongJobs does)
    logger.info("catch_up.run", line=requested.line, run=requested.run, failures=requested.failures, done=done)
    count("CatchUpDone" if done else "CatchUpContinued")

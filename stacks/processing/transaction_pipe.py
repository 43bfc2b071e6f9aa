"""The pipe that sends an event for each inserted transaction to the bus."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from functions.common.domain.transaction_event import (
    DETAIL_TYPE,
    EVENT_FIELDS,
    EVENT_NAME,
    REQUIRED_FIELDS,
    SOURCE,
    build_event_detail,
)
from shared import permissions, table_permissions, trust
from shared.arns import Arns
from shared.contracts import DataOutputs, FoundationOutputs
from shared.iam import identity_policy
from shared.queues import EncryptedQueue, EncryptedQueueArgs
from stacks.processing.settings import ProcessingSettings
from stacks.processing.transaction_bus import TransactionBus

# The limit of PutEvents.
BATCH_SIZE = 10
# A partition accepts up to 1000 writes a second, more than sequential batches can process.
PARALLEL_BATCHES = 10
# A stream retains records for 24 hours. The pipe gives up earlier, so that `invoke redrive` can read them.
MAX_RECORD_AGE_SECONDS = 20 * 60 * 60
# An error in the bus, its key or a permission affects every record, so a limit on retries would lose records.
RETRY_UNTIL_TOO_OLD = -1


@dataclass(frozen=True, kw_only=True)
class TransactionPipeArgs:
    """`data`: the stream of transactions. `after`: resources that must exist before the first event."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: ProcessingSettings
    bus: TransactionBus
    after: Sequence[pulumi.Resource]


class TransactionPipe(pulumi.ComponentResource):
    """The pipe, its role, and `failures` for the records that it gives up."""

    def __init__(
        self, name: str, args: TransactionPipeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:processing:TransactionPipe", name, None, opts)
        self._args = args
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.failures = EncryptedQueue(
            "pipe-failures",
            EncryptedQueueArgs(
                name=args.arns.names.failure_queue("pipe"),
                key_arn=args.foundation.failures_key_arn,
                protected=args.settings.deletion_protection,
            ),
            self._child_options,
        ).queue
        role, policy = self._make_role()
        self.pipe = self._make_pipe(role, policy)
        self.register_outputs({})

    def _make_role(self) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        args, arns, foundation = self._args, self._args.arns, self._args.foundation
        role = aws.iam.Role(
            "pipe",
            name=arns.names.role("pipe"),
            description="Reads the transactions' stream and announces new ones",
            assume_role_policy=trust.source_trust_policy("pipes", arns, arns.pipe),
            permissions_boundary=foundation.pipe_boundary_arn,
            opts=self._child_options,
        )
        statements = [
            *table_permissions.read_stream(arns, args.data.transactions_stream_arn, foundation.data_key_arn),
            *permissions.put_events(arns, args.bus.bus.arn, foundation.data_key_arn),
            *permissions.send_failures(arns, [self.failures.arn], foundation.failures_key_arn),
        ]
        policy = aws.iam.RolePolicy(
            "pipe",
            name="permissions",
            role=role.name,
            policy=identity_policy(statements),
            opts=self._child_options,
        )
        return role, policy

    def _make_pipe(self, role: aws.iam.Role, policy: aws.iam.RolePolicy) -> aws.pipes.Pipe:
        args = self._args
        return aws.pipes.Pipe(
            "transactions",
            name=args.arns.names.pipe,
            description="Announces inserted transactions on the bus",
            role_arn=role.arn,
            source=args.data.transactions_stream_arn,
            source_parameters={
                "filter_criteria": {"filters": [{"pattern": json.dumps(insert_filter())}]},
                "dynamodb_stream_parameters": {
                    # The oldest record, so that the pipe misses no transaction posted before its creation.
                    "starting_position": "TRIM_HORIZON",
                    "batch_size": BATCH_SIZE,
                    "parallelization_factor": PARALLEL_BATCHES,
                    "maximum_retry_attempts": RETRY_UNTIL_TOO_OLD,
                    "maximum_record_age_in_seconds": MAX_RECORD_AGE_SECONDS,
                    "on_partial_batch_item_failure": "AUTOMATIC_BISECT",
                    "dead_letter_config": {"arn": self.failures.arn},
                },
            },
            target=args.bus.bus.arn,
            target_parameters={
                "eventbridge_event_bus_parameters": {"source": SOURCE, "detail_type": DETAIL_TYPE},
                "input_template": event_template(),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy, *args.after]),
        )


def insert_filter() -> dict[str, object]:
    """The filter for inserted transactions: items with every required field. Guard items have no account.

    The pipe retries a record until it is too old, so a record without a required field would block others.
    """
    required = {field: {type_: [{"exists": True}]} for field, type_ in REQUIRED_FIELDS.items()}
    return {"eventName": [EVENT_NAME], "dynamodb": {"NewImage": required}}


def event_template() -> str:
    """The detail of the event: the fields that scoring reads, as they are in the stream record.

    The function `api` stores each of them, as NULL if it is missing. EventBridge leaves out a path that does
    not exist, as in an item of an older version:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
    """
    # The filter accepts only this event name, so a constant replaces its path.
    detail = build_event_detail({field: f"<$.dynamodb.NewImage.{field}>" for field in EVENT_FIELDS})
    # A path in quotes would result in a string instead of an attribute.
    return re.sub('"(<[^"]+>)"', r"\1", json.dumps(detail, separators=(",", ":")))

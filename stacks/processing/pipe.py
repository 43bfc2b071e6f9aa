"""The pipe that announces each inserted transaction on the bus."""

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
    event_detail,
)
from shared import permissions, table_permissions, trust
from shared.arns import Arns
from shared.iam import identity_policy
from shared.queues import EncryptedQueue, EncryptedQueueArgs
from stacks.processing.bus import TransactionBus

# What PutEvents takes at once.
BATCH_SIZE = 10
# A shard holds up to about 250 transactions a second, more than one batch after the other carries on.
PARALLEL_BATCHES = 10
# A stream keeps records for 24 hours. The pipe gives up before, so that `invoke redrive` can still read them.
MAX_RECORD_AGE_SECONDS = 20 * 60 * 60
# No record is at fault by itself: what fails is the bus, its key or a permission, for every record alike.
RETRY_UNTIL_TOO_OLD = -1


@dataclass(frozen=True, kw_only=True)
class TransactionPipeArgs:
    """`key_arn` encrypts stream and bus, `failures_key_arn` the failure queue.

    `after`: resources that must exist to receive events.
    """

    arns: Arns
    key_arn: pulumi.Input[str]
    failures_key_arn: pulumi.Input[str]
    boundary_arn: pulumi.Input[str]
    stream_arn: pulumi.Input[str]
    bus: TransactionBus
    deletion_protection: bool
    after: Sequence[pulumi.Resource]


class TransactionPipe(pulumi.ComponentResource):
    """The pipe, its role, and `failures` for the records that it could not announce."""

    def __init__(
        self, name: str, args: TransactionPipeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:processing:TransactionPipe", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.failures = EncryptedQueue(
            "pipe-failures",
            EncryptedQueueArgs(
                name=args.arns.names.failure_queue("pipe"),
                key_arn=args.failures_key_arn,
                protected=args.deletion_protection,
            ),
            self._child,
        ).queue
        role, policy = self._make_role()
        self.pipe = self._make_pipe(role, policy)
        self.register_outputs({})

    def _make_role(self) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        args, arns = self._args, self._args.arns
        role = aws.iam.Role(
            "pipe",
            name=arns.names.role("pipe"),
            description="Reads the transactions' stream and announces new ones",
            assume_role_policy=trust.by_service_for("pipes", arns, arns.pipe),
            permissions_boundary=args.boundary_arn,
            opts=self._child,
        )
        statements = [
            *table_permissions.read_stream(arns, args.stream_arn, args.key_arn),
            *permissions.put_events(arns, args.bus.bus.arn, args.key_arn),
            *permissions.keep_failures(arns, [self.failures.arn], args.failures_key_arn),
        ]
        policy = aws.iam.RolePolicy(
            "pipe",
            name="permissions",
            role=role.name,
            policy=identity_policy(statements),
            opts=self._child,
        )
        return role, policy

    def _make_pipe(self, role: aws.iam.Role, policy: aws.iam.RolePolicy) -> aws.pipes.Pipe:
        args = self._args
        return aws.pipes.Pipe(
            "transactions",
            name=args.arns.names.pipe,
            description="Announces inserted transactions on the bus",
            role_arn=role.arn,
            source=args.stream_arn,
            source_parameters={
                "filter_criteria": {"filters": [{"pattern": json.dumps(insert_filter())}]},
                "dynamodb_stream_parameters": {
                    # From the oldest record: nothing posted before the pipe came up is left out.
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
    """Inserted transactions: items with every required field. A guard item has no account.

    The pipe retries a record until it is too old, and a record that makes no event would hold up the others.
    """
    required = {field: {type_: [{"exists": True}]} for field, type_ in REQUIRED_FIELDS.items()}
    return {"eventName": [EVENT_NAME], "dynamodb": {"NewImage": required}}


def event_template() -> str:
    """The event's detail, with a path into the stream record in the place of each attribute."""
    # The filter lets no other event name pass, so that the name is a constant.
    detail = event_detail({field: f"<$.dynamodb.NewImage.{field}>" for field in EVENT_FIELDS})
    # A path in quotes would become a string instead of the attribute's type and value.
    return re.sub('"(<[^"]+>)"', r"\1", json.dumps(detail, separators=(",", ":")))

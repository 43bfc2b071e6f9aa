"""The function `merchants`, which counts the transactions of each merchant from the table's stream."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from functions.common.domain.transaction_event import EVENT_NAME, TRANSACTION_FORMAT
from functions.merchants.environment import MerchantsEnvironment
from shared import table_permissions
from shared.arns import Arns
from shared.contracts import DataOutputs, FoundationOutputs
from shared.function import Function, FunctionArgs
from stacks.processing.settings import ProcessingSettings

# The maximum. Lambda also ends a batch at 6 MB, the limit of an invocation.
BATCH_SIZE = 10_000
# The function stores the last sequence number that it counted of each shard. Concurrent batches of a shard
# would have no order.
PARALLEL_BATCHES = 1
UNLIMITED = -1
# The function has no state. With a tumbling window, and only then, the event contains the ID of the shard:
# https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-windows.html
TUMBLING_WINDOW_SECONDS = 900


@dataclass(frozen=True, kw_only=True)
class MerchantsFunctionArgs:
    """`data`: the stream of transactions and the table of profiles."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: ProcessingSettings


class MerchantsFunction(pulumi.ComponentResource):
    """`function`, invoked with batches of inserted transactions, in the order of each shard (ADR 27)."""

    def __init__(
        self, name: str, args: MerchantsFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:processing:Merchants", name, None, opts)
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.function = self._make_function(args)
        self._make_mapping(args)
        self.register_outputs({})

    def _make_function(self, args: MerchantsFunctionArgs) -> Function:
        arns, data, foundation = args.arns, args.data, args.foundation
        return Function(
            "merchants",
            FunctionArgs(
                function="merchants",
                description="Counts the transactions of each merchant",
                arns=arns,
                foundation=foundation,
                boundary_arn=foundation.merchants_boundary_arn,
                settings=args.settings.merchants,
                architecture=args.settings.architecture,
                code_signing=args.settings.code_signing,
                environment=pulumi.Output.from_input(data.profiles_table_name).apply(
                    lambda table: MerchantsEnvironment(profiles_table_name=table)
                ),
                statements=[
                    *table_permissions.read_stream(
                        arns, data.transactions_stream_arn, foundation.data_key_arn
                    ),
                    *table_permissions.count_merchants(
                        arns, data.profiles_table_arn, foundation.profiles_key_arn
                    ),
                ],
            ),
            self._child_options,
        )

    def _make_mapping(self, args: MerchantsFunctionArgs) -> None:
        # Without a destination for failures: Lambda retries a batch until the stream drops it after 24 hours.
        # After a later batch, the sequence numbers of a redriven one would count as counted already.
        aws.lambda_.EventSourceMapping(
            "merchants",
            event_source_arn=args.data.transactions_stream_arn,
            function_name=self.function.arn,
            # The oldest record, so that no transaction posted before the creation is missed.
            starting_position="TRIM_HORIZON",
            batch_size=BATCH_SIZE,
            maximum_batching_window_in_seconds=args.settings.merchant_window_seconds,
            parallelization_factor=PARALLEL_BATCHES,
            maximum_retry_attempts=UNLIMITED,
            maximum_record_age_in_seconds=UNLIMITED,
            bisect_batch_on_function_error=True,
            tumbling_window_in_seconds=TUMBLING_WINDOW_SECONDS,
            filter_criteria={
                "filters": [
                    {"pattern": json.dumps(pattern)} for pattern in (counted_filter(), new_device_filter())
                ]
            },
            opts=self._child_options,
        )


def counted_filter() -> dict[str, object]:
    """The filter for transactions that the function counts: inserted, with the format of this version.

    The fraud function counts the merchant of an item without a format, with the decision. Guard items have no
    format.
    """
    return {
        "eventName": [EVENT_NAME],
        "dynamodb": {"NewImage": {"format": {"N": [str(TRANSACTION_FORMAT)]}}},
    }


def new_device_filter() -> dict[str, object]:
    """The filter for decisions on transactions with a device that is new to their account.

    Each later write of the item adds a label, a claim or an alert. So a transaction passes once, or never if
    its label came before its decision.
    """
    later = {"label": "S", "alert_claim": "S", "alerted_at": "N"}
    absent = {name: {type_: [{"exists": False}]} for name, type_ in later.items()}
    return {
        "eventName": ["MODIFY"],
        "dynamodb": {"NewImage": {"new_device": {"BOOL": [True]}, **absent}},
    }

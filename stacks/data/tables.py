"""The DynamoDB tables: on-demand capacity, customer-managed key, point-in-time recovery, time to live."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.protection import make_child_options
from stacks.data.settings import DataSettings

# The most capacity units that one transaction consumes. tests/stacks/test_data.py computes them from items.
# A transactional write consumes two units for each KB or part of it, a plain one half of them.
# `transactions`: the guard item and the transaction when it is stored, and the item with its decision.
# `profiles`: the account, the merchant, and the entry of a suspicious decision. Do not lower a value: AWS
# refuses to lower the throughput of a table that is deployed.
WRITE_UNITS = {"transactions": 8, "profiles": 8}
READ_UNITS = {"transactions": 0, "profiles": 2}
# AWS provides this throughput to every new on-demand table. A request for less is an error.
MIN_READ_UNITS = 12_000
MIN_WRITE_UNITS = 4_000


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """`settings`: the deletion protection and the initial throughput of the table."""

    name: str
    key_arn: pulumi.Input[str]
    settings: DataSettings


class TransactionsTable(pulumi.ComponentResource):
    """`table`: an item per transaction and a guard item for its ID. The stream contains new items."""

    def __init__(self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:data:TransactionStore", name, None, opts)
        self.table = _make_table(
            "transactions",
            args,
            self,
            keys={"transaction_id": "S", "timestamp": "N"},
            stream_view_type="NEW_IMAGE",
        )
        self.register_outputs({})


class ProfilesTable(pulumi.ComponentResource):
    """`table`: an item of limited size per account and merchant; list entries, snoozes, audit trail."""

    def __init__(self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:data:ProfileStore", name, None, opts)
        self.table = _make_table("profiles", args, self, keys={"subject": "S", "part": "S"})
        self.register_outputs({})


def _make_table(
    logical_name: str,
    args: TableArgs,
    parent: pulumi.Resource,
    *,
    keys: Mapping[str, str],
    stream_view_type: str | None = None,
) -> aws.dynamodb.Table:
    """Make a table with point-in-time recovery for 35 days. Items expire at `expires_at`, in epoch seconds.

    `keys`: the hash key, then the range key, with the type of each (S or N). `stream_view_type`: None for a
    table without a stream.
    """
    hash_key, range_key = keys
    return aws.dynamodb.Table(
        logical_name,
        name=args.name,
        billing_mode="PAY_PER_REQUEST",
        hash_key=hash_key,
        range_key=range_key,
        attributes=[{"name": name, "type": type_} for name, type_ in keys.items()],
        stream_enabled=stream_view_type is not None,
        stream_view_type=stream_view_type,
        server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
        point_in_time_recovery={"enabled": True},
        ttl={"attribute_name": "expires_at", "enabled": True},
        deletion_protection_enabled=args.settings.deletion_protection,
        warm_throughput=_warm_throughput(logical_name, args.settings.warm_transactions_per_second),
        # The values apply to a new table. AWS raises them with the traffic and refuses to lower them.
        opts=pulumi.ResourceOptions.merge(
            make_child_options(parent, protected=args.settings.deletion_protection),
            pulumi.ResourceOptions(ignore_changes=["warmThroughput"]),
        ),
    )


def _warm_throughput(table: str, transactions_per_second: int) -> aws.dynamodb.TableWarmThroughputArgs | None:
    if not transactions_per_second:
        return None
    return aws.dynamodb.TableWarmThroughputArgs(
        read_units_per_second=max(transactions_per_second * READ_UNITS[table], MIN_READ_UNITS),
        write_units_per_second=max(transactions_per_second * WRITE_UNITS[table], MIN_WRITE_UNITS),
    )

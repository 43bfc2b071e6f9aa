"""The layer's DynamoDB tables: on demand, encrypted with our key, recoverable, with items that expire."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.protection import child_of
from stacks.data.settings import DataSettings

# Capacity units that one transaction takes at most; tests/stacks/test_data.py computes them from the items.
# A transactional write takes two units for each KB begun. `transactions`: the guard and the transaction when
# it is stored, the item with its decision. `profiles`: the account's item and the merchant's.
WRITE_UNITS = {"transactions": 8, "profiles": 8}
READ_UNITS = {"transactions": 0, "profiles": 2}
# What AWS gives every new table on demand; less cannot be asked for.
LEAST_READ_UNITS = 12_000
LEAST_WRITE_UNITS = 4_000


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """The settings say whether AWS and the engine refuse to delete the table, and its first throughput."""

    name: str
    key_arn: pulumi.Input[str]
    settings: DataSettings


class TransactionsTable(pulumi.ComponentResource):
    """`table`: an item per transaction, and one that guards its id. Its stream carries new items."""

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
    """`table`: an item of bounded size per account and merchant; lists, snoozes and their audit trail."""

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
    """A table that is recoverable to any second of 35 days; `expires_at` (epoch seconds) ends an item.

    `keys`: hash key, then range key, with the type of each (S or N). No stream without `stream_view_type`.
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
        # Only for a new table: AWS raises the values with the traffic, and refuses to lower them.
        opts=pulumi.ResourceOptions.merge(
            child_of(parent, protected=args.settings.deletion_protection),
            pulumi.ResourceOptions(ignore_changes=["warmThroughput"]),
        ),
    )


def _warm_throughput(table: str, per_second: int) -> aws.dynamodb.TableWarmThroughputArgs | None:
    if not per_second:
        return None
    return aws.dynamodb.TableWarmThroughputArgs(
        read_units_per_second=max(per_second * READ_UNITS[table], LEAST_READ_UNITS),
        write_units_per_second=max(per_second * WRITE_UNITS[table], LEAST_WRITE_UNITS),
    )

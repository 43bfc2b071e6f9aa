"""What every table of the layer is: on demand, encrypted with our key, recoverable, forgetting by itself."""

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


def make_table(
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

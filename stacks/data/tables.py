"""What every table of the layer is: on demand, encrypted with our key, recoverable, forgetting by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.protection import child_of


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """With `deletion_protection` neither AWS nor the engine deletes the table."""

    name: str
    key_arn: pulumi.Input[str]
    deletion_protection: bool


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
        deletion_protection_enabled=args.deletion_protection,
        opts=child_of(parent, protected=args.deletion_protection),
    )

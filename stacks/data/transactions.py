"""The table that transactions are written to, and whose stream carries new ones on."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.protection import child_of


@dataclass(frozen=True, kw_only=True)
class TransactionStoreArgs:
    """With `deletion_protection` neither AWS nor the engine deletes the table."""

    name: str
    key_arn: pulumi.Input[str]
    deletion_protection: bool


class TransactionStore(pulumi.ComponentResource):
    """On demand, encrypted with our key, recoverable to any second of 35 days; `expires_at` ends an item."""

    def __init__(
        self, name: str, args: TransactionStoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:data:TransactionStore", name, None, opts)
        self.table = aws.dynamodb.Table(
            "transactions",
            name=args.name,
            billing_mode="PAY_PER_REQUEST",
            hash_key="transaction_id",
            range_key="timestamp",
            attributes=[
                {"name": "transaction_id", "type": "S"},
                {"name": "timestamp", "type": "N"},
            ],
            stream_enabled=True,
            stream_view_type="NEW_IMAGE",
            server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
            point_in_time_recovery={"enabled": True},
            ttl={"attribute_name": "expires_at", "enabled": True},
            deletion_protection_enabled=args.deletion_protection,
            opts=child_of(self, protected=args.deletion_protection),
        )
        self.register_outputs({})

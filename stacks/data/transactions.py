"""The table that transactions are written to, and whose stream carries new ones on."""

import pulumi

from stacks.data.tables import TableArgs, make_table


class TransactionStore(pulumi.ComponentResource):
    """`table`: an item per transaction, and one that guards its id."""

    def __init__(self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:data:TransactionStore", name, None, opts)
        self.table = make_table(
            "transactions",
            args,
            self,
            keys={"transaction_id": "S", "timestamp": "N"},
            stream_view_type="NEW_IMAGE",
        )
        self.register_outputs({})

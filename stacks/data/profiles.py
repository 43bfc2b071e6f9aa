"""The table of what is known of each account and merchant, and of what people said of them."""

import pulumi

from stacks.data.tables import TableArgs, make_table


class ProfileStore(pulumi.ComponentResource):
    """`table`: an item per account and merchant, of bounded size; lists, snoozes and their audit trail."""

    def __init__(self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:data:ProfileStore", name, None, opts)
        self.table = make_table("profiles", args, self, keys={"subject": "S", "part": "S"})
        self.register_outputs({})

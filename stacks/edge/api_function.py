"""The function `api`, which validates a transaction and stores it."""

from dataclasses import dataclass

import pulumi

from functions.api.environment import ApiEnvironment
from shared import table_permissions
from shared.arns import Arns
from shared.contracts import DataOutputs, FoundationOutputs
from shared.function import Function, FunctionArgs
from stacks.edge.settings import EdgeSettings


@dataclass(frozen=True, kw_only=True)
class ApiFunctionArgs:
    """`data`: the table and the retention of a transaction."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: EdgeSettings


class ApiFunction(pulumi.ComponentResource):
    """`function`, which may only put items into the transactions table."""

    def __init__(self, name: str, args: ApiFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:edge:Intake", name, None, opts)
        data, foundation = args.data, args.foundation
        self.function = Function(
            "api",
            FunctionArgs(
                function="api",
                description="Checks a posted transaction and stores it once",
                arns=args.arns,
                foundation=foundation,
                boundary_arn=foundation.api_boundary_arn,
                settings=args.settings.api,
                architecture=args.settings.architecture,
                environment=pulumi.Output.all(data.transactions_table_name, data.retention_days).apply(
                    lambda values: ApiEnvironment(table_name=values[0], retention_days=int(values[1]))
                ),
                statements=table_permissions.store_items(
                    args.arns, data.transactions_table_arn, foundation.data_key_arn
                ),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

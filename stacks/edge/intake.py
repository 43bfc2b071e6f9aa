"""The api function, which checks a transaction and stores it."""

from dataclasses import dataclass

import pulumi

from functions.api.environment import ApiEnvironment
from shared import table_permissions
from shared.arns import Arns
from shared.contracts import DataOutputs, FoundationOutputs
from shared.function import Function, FunctionArgs
from stacks.edge.settings import EdgeSettings


@dataclass(frozen=True, kw_only=True)
class IntakeArgs:
    """The table, and how long it keeps a transaction, are the data layer's."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: EdgeSettings


class Intake(pulumi.ComponentResource):
    """`function`, which may write to the table and do nothing else with it."""

    def __init__(self, name: str, args: IntakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
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
                environment=pulumi.Output.all(data.table_name, data.retention_days).apply(
                    lambda of: ApiEnvironment(table_name=of[0], retention_days=int(of[1]))
                ),
                statements=table_permissions.store_items(args.arns, data.table_arn, foundation.data_key_arn),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

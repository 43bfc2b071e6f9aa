"""The functions of the API: `api` validates and stores a transaction, `labels` stores its label."""

from dataclasses import dataclass

import pulumi

from functions.api.environment import ApiEnvironment
from functions.labels.environment import LabelsEnvironment
from shared import table_permissions
from shared.arns import Arns
from shared.contracts import DataOutputs, FoundationOutputs
from shared.function import Function, FunctionArgs
from stacks.edge.settings import EdgeSettings


@dataclass(frozen=True, kw_only=True)
class EdgeFunctionArgs:
    """`data`: the tables, and the retention of a transaction."""

    arns: Arns
    foundation: FoundationOutputs
    data: DataOutputs
    settings: EdgeSettings


class ApiFunction(pulumi.ComponentResource):
    """`function`, which may only put items into the transactions table."""

    def __init__(self, name: str, args: EdgeFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
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
                code_signing=args.settings.code_signing,
                environment=pulumi.Output.all(data.transactions_table_name, data.retention_days).apply(
                    lambda values: ApiEnvironment(
                        table_name=values[0],
                        retention_days=int(values[1]),
                        max_transaction_age_days=args.settings.max_transaction_age_days,
                        extra_decimals=args.settings.extra_decimals,
                    )
                ),
                statements=table_permissions.store_items(
                    args.arns, data.transactions_table_arn, foundation.data_key_arn
                ),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


class LabelsFunction(pulumi.ComponentResource):
    """`function`, which may read a transaction, label it, and update its profiles."""

    def __init__(self, name: str, args: EdgeFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:edge:Labelling", name, None, opts)
        arns, data, foundation = args.arns, args.data, args.foundation
        self.function = Function(
            "labels",
            FunctionArgs(
                function="labels",
                description="Labels a transaction and counts it into its profiles",
                arns=arns,
                foundation=foundation,
                boundary_arn=foundation.labels_boundary_arn,
                settings=args.settings.labels,
                architecture=args.settings.architecture,
                code_signing=args.settings.code_signing,
                environment=pulumi.Output.all(data.transactions_table_name, data.profiles_table_name).apply(
                    lambda names: LabelsEnvironment(table_name=names[0], profiles_table_name=names[1])
                ),
                statements=[
                    *table_permissions.label_transactions(
                        arns, data.transactions_table_arn, foundation.data_key_arn
                    ),
                    *table_permissions.update_profiles(
                        arns, data.profiles_table_arn, foundation.profiles_key_arn
                    ),
                ],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

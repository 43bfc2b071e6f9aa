"""The permissions boundaries of the roles that the other layers create."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared import permissions, table_permissions
from shared.arns import Arns
from shared.iam import Statement, boundary_policy
from shared.names import CONSUMER, GATEWAY_LOGS
from stacks.foundation.keys import Keys
from stacks.foundation.network import Network


@dataclass(frozen=True, kw_only=True)
class BoundariesArgs:
    """Keys and network are resources of this layer. `arns` name the resources of the other layers."""

    arns: Arns
    keys: Keys
    network: Network


class Boundaries(pulumi.ComponentResource):
    """The boundaries of the functions, the pipe, API Gateway's logging role, and consumers of the API."""

    def __init__(self, name: str, args: BoundariesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Boundaries", name, None, opts)
        self._args = args
        arns, key, profiles_key = args.arns, args.keys.data.arn, args.keys.profiles.arn
        failures_key = args.keys.failures.arn
        update_profiles = table_permissions.update_profiles(arns, arns.profiles_table, profiles_key)
        fraud_failures = [arns.retry_queue, arns.failure_queue("fraud")]
        self.api = self._make_function_boundary(
            "api", table_permissions.store_items(arns, arns.transactions_table, key)
        )
        self.labels = self._make_function_boundary(
            "labels",
            [*table_permissions.label_transactions(arns, arns.transactions_table, key), *update_profiles],
        )
        self.fraud = self._make_function_boundary(
            "fraud",
            [
                *update_profiles,
                *table_permissions.use_origins(arns.profiles_table),
                *table_permissions.record_decisions(arns, arns.transactions_table, key),
                *permissions.send_messages(arns, [arns.suspicious_queue], key),
                *permissions.send_failures(arns, fraud_failures, failures_key),
                permissions.consume_plain_messages(arns.retry_queue),
            ],
        )
        self.merchants = self._make_function_boundary(
            "merchants",
            [
                *table_permissions.read_stream(arns, arns.any_stream, key),
                *table_permissions.count_merchants(arns, arns.profiles_table, profiles_key),
            ],
        )
        self.notify = self._make_function_boundary(
            "notify",
            [
                *permissions.consume_messages(arns, arns.suspicious_queue, key),
                *table_permissions.read_profile(arns, arns.profiles_table, profiles_key),
                *table_permissions.record_alerts(arns, arns.transactions_table, key),
                *permissions.publish_messages(arns, arns.alerts_topic, key),
            ],
        )
        self.pipe = self._make_boundary(
            "pipe",
            "The most that the pipe may do",
            [
                *table_permissions.read_stream(arns, arns.any_stream, key),
                *permissions.put_events(arns, arns.bus, key),
                *permissions.send_failures(arns, [arns.failure_queue("pipe")], failures_key),
            ],
        )
        self.gateway_logs = self._make_boundary(
            GATEWAY_LOGS,
            "The most that API Gateway may do to log",
            permissions.write_gateway_logs(arns),
        )
        self.consumer = self._make_boundary(
            CONSUMER,
            "The most that a consumer of the API may do",
            [permissions.invoke_routes([arns.any_api_route])],
        )
        self.register_outputs({})

    def _make_function_boundary(self, function: str, statements: Sequence[Statement]) -> aws.iam.Policy:
        arns, network = self._args.arns, self._args.network
        common = permissions.run_function(
            arns,
            function,
            log_group=arns.function_log_group(function),
            key=self._args.keys.function.arn,
            subnet_ids=network.subnet_ids,
            security_group_id=network.function_security_group.id,
        )
        return self._make_boundary(
            function, f"The most that the function '{function}' may do", [*common, *statements]
        )

    def _make_boundary(self, role: str, description: str, statements: Sequence[Statement]) -> aws.iam.Policy:
        return aws.iam.Policy(
            role,
            name=self._args.arns.names.boundary(role),
            description=description,
            policy=boundary_policy(statements),
            opts=pulumi.ResourceOptions(parent=self),
        )

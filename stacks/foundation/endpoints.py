"""The VPC endpoints through which functions reach AWS services. The network has no other way out.

The policy of an endpoint allows named roles to call named actions on named resources. Later layers create the
resources, so their ARNs are built from names. A function that calls another service needs its endpoint first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.iam import Statement, endpoint_policy
from stacks.foundation.network import Network

_HTTPS: Any = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443}


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """`network`: the network that contains the endpoints."""

    arns: Arns
    network: Network


class Endpoints(pulumi.ComponentResource):
    """A gateway endpoint for DynamoDB, which is free, and interface endpoints for SQS and SNS."""

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Endpoints", name, None, opts)
        self._arns = args.arns
        self._network = args.network
        self._child_options = pulumi.ResourceOptions(parent=self)
        gateway = self._make_endpoint(
            "dynamodb",
            self._table_statements(),
            vpc_endpoint_type="Gateway",
            route_table_ids=[args.network.route_table.id],
        )
        fraud_queues = [args.arns.suspicious_queue, args.arns.retry_queue, args.arns.failure_queue("fraud")]
        self._make_interface("sqs", self._allow_function("fraud", fraud_queues, "sqs:SendMessage"))
        self._make_interface("sns", self._allow_function("notify", [args.arns.alerts_topic], "sns:Publish"))
        self._allow_traffic(gateway)
        self.register_outputs({})

    def _table_statements(self) -> list[Statement]:
        table, profiles = [self._arns.transactions_table], [self._arns.profiles_table]
        update_profiles = ("dynamodb:BatchGetItem", "dynamodb:UpdateItem")
        return [
            self._allow_function("api", table, "dynamodb:PutItem"),
            self._allow_function("fraud", table, "dynamodb:UpdateItem"),
            self._allow_function("fraud", profiles, *update_profiles, sid="AllowFraudProfiles"),
            self._allow_function("labels", table, "dynamodb:GetItem", "dynamodb:UpdateItem"),
            self._allow_function("labels", profiles, *update_profiles, sid="AllowLabelsProfiles"),
            self._allow_function("merchants", profiles, *update_profiles),
            self._allow_function("notify", profiles, "dynamodb:GetItem", "dynamodb:Query"),
            self._allow_function("notify", table, "dynamodb:UpdateItem", sid="AllowNotifyAlerts"),
        ]

    def _allow_function(
        self, function: str, resources: Sequence[str], *actions: str, sid: str = ""
    ) -> Statement:
        return Statement(
            sid=sid or f"Allow{function.capitalize()}",
            actions=actions,
            resources=resources,
            principal={"AWS": "*"},
            conditions={"ArnEquals": {"aws:PrincipalArn": self._arns.role(function)}},
        )

    def _make_interface(self, service: str, statement: Statement) -> None:
        self._make_endpoint(
            service,
            [statement],
            vpc_endpoint_type="Interface",
            subnet_ids=self._network.subnet_ids,
            security_group_ids=[self._network.endpoint_security_group.id],
            private_dns_enabled=True,
        )

    def _make_endpoint(
        self, service: str, statements: Sequence[Statement], **connection: Any
    ) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            service,
            vpc_id=self._network.vpc.id,
            service_name=f"com.amazonaws.{self._arns.region}.{service}",
            policy=endpoint_policy(statements),
            tags={"Name": f"fraud-{service}"},
            opts=self._child_options,
            **connection,
        )

    def _allow_traffic(self, gateway: aws.ec2.VpcEndpoint) -> None:
        functions = self._network.function_security_group.id
        endpoints = self._network.endpoint_security_group.id
        aws.vpc.SecurityGroupEgressRule(
            "functions-to-dynamodb",
            description="HTTPS to DynamoDB",
            security_group_id=functions,
            prefix_list_id=gateway.prefix_list_id,
            **_HTTPS,
            opts=self._child_options,
        )
        aws.vpc.SecurityGroupEgressRule(
            "functions-to-endpoints",
            description="HTTPS to the endpoints",
            security_group_id=functions,
            referenced_security_group_id=endpoints,
            **_HTTPS,
            opts=self._child_options,
        )
        aws.vpc.SecurityGroupIngressRule(
            "endpoints-from-functions",
            description="HTTPS from the functions",
            security_group_id=endpoints,
            referenced_security_group_id=functions,
            **_HTTPS,
            opts=self._child_options,
        )

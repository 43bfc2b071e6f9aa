"""The way from functions to the AWS services that they call, and to nothing else.

Each endpoint lets named roles do named things with named resources. The resources belong to layers deployed
later, so their ARNs are made from names. A function that calls another service needs an endpoint here first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.arns import Arns
from shared.iam import Statement, endpoint_policy
from stacks.foundation.network import Network

HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """The network that the endpoints are put into."""

    arns: Arns
    network: Network


class Endpoints(pulumi.ComponentResource):
    """DynamoDB by a gateway endpoint, which is free; SQS and SNS by interface endpoints."""

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Endpoints", name, None, opts)
        self._arns = args.arns
        self._network = args.network
        self._child = pulumi.ResourceOptions(parent=self)
        gateway = self._make_gateway("dynamodb", self._on_tables())
        fraud_queues = [args.arns.suspicious_queue, args.arns.failure_queue("fraud")]
        self._make_interface("sqs", self._allow("fraud", fraud_queues, "sqs:SendMessage"))
        self._make_interface("sns", self._allow("notify", [args.arns.topic], "sns:Publish"))
        self._open_to(gateway)
        self._open_to_interfaces()
        self.register_outputs({})

    def _on_tables(self) -> list[Statement]:
        table, profiles = [self._arns.table], [self._arns.profiles_table]
        keep_profiles = ("dynamodb:BatchGetItem", "dynamodb:UpdateItem")
        return [
            self._allow("api", table, "dynamodb:PutItem"),
            self._allow("fraud", table, "dynamodb:UpdateItem"),
            self._allow("fraud", profiles, *keep_profiles, sid="AllowFraudProfiles"),
            self._allow("labels", table, "dynamodb:GetItem", "dynamodb:UpdateItem"),
            self._allow("labels", profiles, *keep_profiles, sid="AllowLabelsProfiles"),
            self._allow("notify", profiles, "dynamodb:GetItem"),
            self._allow("notify", table, "dynamodb:UpdateItem", sid="AllowNotifyAlerts"),
        ]

    def _allow(self, function: str, resources: Sequence[str], *actions: str, sid: str = "") -> Statement:
        return Statement(
            sid=sid or f"Allow{function.capitalize()}",
            actions=actions,
            resources=resources,
            principal={"AWS": "*"},
            conditions={"ArnEquals": {"aws:PrincipalArn": self._arns.role(function)}},
        )

    def _make_gateway(self, service: str, allowed: Sequence[Statement]) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            service,
            vpc_id=self._network.vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=self._service_name(service),
            route_table_ids=[self._network.route_table.id],
            policy=endpoint_policy(allowed),
            tags={"Name": f"fraud-{service}"},
            opts=self._child,
        )

    def _make_interface(self, service: str, allowed: Statement) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            service,
            vpc_id=self._network.vpc.id,
            vpc_endpoint_type="Interface",
            service_name=self._service_name(service),
            subnet_ids=self._network.subnet_ids,
            security_group_ids=[self._network.endpoint_security_group.id],
            private_dns_enabled=True,
            policy=endpoint_policy([allowed]),
            tags={"Name": f"fraud-{service}"},
            opts=self._child,
        )

    def _service_name(self, service: str) -> str:
        return f"com.amazonaws.{self._arns.region}.{service}"

    def _open_to(self, gateway: aws.ec2.VpcEndpoint) -> None:
        aws.vpc.SecurityGroupEgressRule(
            "functions-to-dynamodb",
            description="HTTPS to DynamoDB",
            security_group_id=self._network.function_security_group.id,
            prefix_list_id=gateway.prefix_list_id,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=self._child,
        )

    def _open_to_interfaces(self) -> None:
        functions = self._network.function_security_group.id
        endpoints = self._network.endpoint_security_group.id
        aws.vpc.SecurityGroupEgressRule(
            "functions-to-endpoints",
            description="HTTPS to the endpoints",
            security_group_id=functions,
            referenced_security_group_id=endpoints,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            "endpoints-from-functions",
            description="HTTPS from the functions",
            security_group_id=endpoints,
            referenced_security_group_id=functions,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            opts=self._child,
        )

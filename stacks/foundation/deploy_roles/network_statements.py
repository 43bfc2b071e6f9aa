"""Permissions of foundation's deploy role for network resources that no stack declares."""

import pulumi

from shared.arns import Arns
from shared.iam import Statement


def deploy_statements(arns: Arns, vpc_id: pulumi.Input[str]) -> list[Statement]:
    """Associate the hosted zones of endpoints, and delete the remaining network interfaces of Lambda.

    The provider detaches and deletes Lambda's interfaces before it deletes a subnet or a security group.
    `invoke destroy` lists the functions that still use them.
    """
    return [
        Statement(sid="FindFunctions", actions=["lambda:ListFunctions"], resources=["*"]),
        Statement(
            sid="JoinHostedZones",
            actions=["route53:AssociateVPCWithHostedZone"],
            resources=[f"arn:{arns.partition}:route53:::hostedzone/*"],
        ),
        Statement(
            sid="RemoveInterfaces",
            actions=["ec2:DeleteNetworkInterface", "ec2:DetachNetworkInterface"],
            resources=[arns.regional("ec2", "network-interface/*")],
            conditions={"ArnEquals": {"ec2:Vpc": pulumi.Output.concat(arns.regional("ec2", "vpc/"), vpc_id)}},
        ),
    ]

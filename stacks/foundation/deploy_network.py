"""What foundation's deploy role may do in its network beyond the resources that it declares."""

import pulumi

from shared.arns import Arns
from shared.iam import Statement


def of(arns: Arns, vpc_id: pulumi.Input[str]) -> list[Statement]:
    """Join the hosted zones of endpoints, and remove the interfaces that Lambda leaves behind.

    The provider detaches and deletes Lambda's interfaces before it deletes a subnet or a security group, and
    `invoke destroy` looks for functions that still use them.
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
            resources=[arns.of("ec2", "network-interface/*")],
            conditions={"ArnEquals": {"ec2:Vpc": pulumi.Output.concat(arns.of("ec2", "vpc/"), vpc_id)}},
        ),
    ]

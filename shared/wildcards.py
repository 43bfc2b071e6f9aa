"""The one list of permissions on more than named resources, each with its reason; nothing else passes.

Where AWS makes up the ids of resources, a pattern stands for them, and a condition says which are meant.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Conditions = Mapping[str, Mapping[str, Any]]

# Those that hold only for the values named; the others would turn a guard around.
_POSITIVE = ("ArnEquals", "ForAnyValue:StringEquals", "StringEquals", "StringEqualsIfExists")


@dataclass(frozen=True)
class WildcardException:
    """Actions that may be allowed on resources that match `resource`, a regular expression, and why.

    `guards`: condition keys, of which the statement must test one.
    """

    actions: tuple[str, ...]
    resource: str
    reason: str
    guards: tuple[str, ...] = ()

    def covers(self, action: str, resource: str, conditions: Conditions) -> bool:
        """Whether this lets an action be allowed on a wildcard resource under these conditions."""
        if action not in self.actions or not re.fullmatch(self.resource, resource):
            return False
        tested = {key for operator in _POSITIVE for key in conditions.get(operator, {})}
        return not self.guards or not tested.isdisjoint(self.guards)


def is_listed(action: str, resource: str, conditions: Conditions) -> bool:
    """Whether EXCEPTIONS has the action on that wildcard resource, under these conditions."""
    return any(known.covers(action, resource, conditions) for known in EXCEPTIONS)


def _actions(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


def _arns(service: str, resource: str) -> str:
    """In one account and region."""
    return rf"arn:[a-z-]+:{service}:[a-z0-9-]+:\d{{12}}:{resource}"


_EVERYTHING = r"\*"
_LAYER_TAG = ("aws:ResourceTag/layer", "aws:RequestTag/layer")

# What the functions, the pipe and API Gateway run with.
_OF_SERVICES = (
    WildcardException(
        _actions("xray", "PutTraceSegments PutTelemetryRecords"),
        _EVERYTHING,
        "X-Ray has no resource-level control for sending traces.",
    ),
    WildcardException(
        _actions(
            "ec2",
            "DescribeAvailabilityZones DescribeNetworkAcls DescribeNetworkInterfaces DescribePrefixLists"
            " DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets"
            " DescribeVpcEndpoints DescribeVpcs",
        ),
        _EVERYTHING,
        "EC2 has no resource-level control for Describe actions, which Lambda needs to join a VPC, and a"
        " deployment to find what it made.",
    ),
    WildcardException(
        _actions("dynamodb", "ListStreams"),
        _EVERYTHING,
        "DynamoDB has no resource-level control for listing streams, which a pipe needs to follow one.",
    ),
    WildcardException(
        _actions("dynamodb", "DescribeStream GetRecords GetShardIterator"),
        _arns("dynamodb", r"table/[\w-]+/stream/\*"),
        "DynamoDB makes up the name of a stream. The pipe's boundary names the table, its role the stream.",
    ),
    WildcardException(
        _actions(
            "ec2",
            "CreateNetworkInterface DeleteNetworkInterface AssignPrivateIpAddresses"
            " UnassignPrivateIpAddresses",
        ),
        _arns("ec2", r"network-interface/\*"),
        "Lambda makes and removes the interfaces, and EC2 gives them ids. Subnets and security group are"
        " named, and the function's own code is denied these actions.",
    ),
    WildcardException(
        _actions("logs", "CreateLogStream PutLogEvents"),
        _arns("logs", r"log-group:[\w/-]+:\*"),
        "Lambda makes up the names of the streams. Their log group is named.",
    ),
    WildcardException(
        _actions(
            "logs",
            "CreateLogGroup CreateLogStream DescribeLogGroups DescribeLogStreams PutLogEvents GetLogEvents"
            " FilterLogEvents",
        ),
        _arns("logs", r"\*"),
        "API Gateway has one logging role for all APIs of an account and region, and refuses a lesser one.",
    ),
)

# What the roles run with that deploy a layer.
_OF_DEPLOYMENTS = (
    WildcardException(
        ("kms:ListAliases", "logs:DescribeLogGroups", "sns:GetSubscriptionAttributes"),
        _EVERYTHING,
        "KMS, CloudWatch Logs and SNS have no resource-level control for these; an alias, a log group and a"
        " subscription are found by them.",
    ),
    WildcardException(
        _actions("sns", "SetSubscriptionAttributes Unsubscribe"),
        _EVERYTHING,
        "SNS has no resource-level control for subscriptions. To subscribe takes the topic, which is named.",
    ),
    WildcardException(
        ("route53:AssociateVPCWithHostedZone",),
        _EVERYTHING,
        "Private DNS of an endpoint is a hosted zone that AWS makes and owns, and that the VPC joins.",
    ),
    WildcardException(
        ("kms:CreateKey",),
        _EVERYTHING,
        "A key that is being made has no id yet. It must get the tag of the layer.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        ("lambda:CreateEventSourceMapping",),
        _EVERYTHING,
        "A mapping that is being made has no id yet. Its function is named.",
        guards=("lambda:FunctionArn",),
    ),
    WildcardException(
        _actions(
            "ec2",
            "AssociateRouteTable AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateRouteTable"
            " CreateSecurityGroup CreateSubnet CreateTags CreateVpc CreateVpcEndpoint DeleteRouteTable"
            " DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc DeleteVpcEndpoints DescribeVpcAttribute"
            " DisassociateRouteTable ModifySecurityGroupRules ModifySubnetAttribute ModifyVpcAttribute"
            " ModifyVpcEndpoint ReplaceRouteTableAssociation RevokeSecurityGroupEgress"
            " RevokeSecurityGroupIngress",
        ),
        _arns("ec2", r"(route-table|security-group|security-group-rule|subnet|vpc|vpc-endpoint)/\*"),
        "EC2 makes up the ids. The resource must have the tag of the layer, or get it as its first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        _actions(
            "kms",
            "CreateAlias DeleteAlias DescribeKey DisableKeyRotation EnableKeyRotation"
            " GetKeyPolicy GetKeyRotationStatus ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource"
            " UntagResource UpdateAlias UpdateKeyDescription",
        ),
        _arns("kms", r"key/\*"),
        "KMS makes up the ids. The key must have the tag of the layer, or get it as its first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        _actions(
            "lambda",
            "DeleteEventSourceMapping GetEventSourceMapping ListTags TagResource UntagResource"
            " UpdateEventSourceMapping",
        ),
        _arns("lambda", r"event-source-mapping:\*"),
        "Lambda makes up the ids. The mapping must have the tag of the layer, or get it as its first.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        _actions("apigateway", "DELETE GET PATCH POST PUT"),
        r"arn:[a-z-]+:apigateway:[a-z0-9-]+::/(restapis|tags)/\*",
        "API Gateway makes up the ids. The API, whose tags its parts inherit, must have that of the layer.",
        guards=_LAYER_TAG,
    ),
    WildcardException(
        _actions(
            "logs",
            "AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey"
            " ListTagsForResource PutRetentionPolicy TagResource UntagResource",
        ),
        _arns("logs", r"log-group:[\w/-]+:\*"),
        "CloudWatch Logs writes the ARN of a log group with ':*' behind its name. The log group is named.",
    ),
    WildcardException(
        _actions("s3", "DeleteObject GetObject PutObject"),
        r"arn:[a-z-]+:s3:::[a-z0-9-]+/(\.pulumi/([a-z]+|locks/organization|\*)|backups)/[a-z0-9-]+/\*",
        "Pulumi makes up the names of the files that it keeps of a stack. Their folder is named.",
    ),
    WildcardException(
        ("s3:GetObject",),
        r"arn:[a-z-]+:s3:::[a-z0-9-]+/\.pulumi/(stacks|history|locks)/\*",
        "Previews and drift are of every stack: who looks at all reads the state, history and locks of all.",
    ),
    WildcardException(
        _actions(
            "iam",
            "GetPolicy GetPolicyVersion GetRole GetRolePolicy ListAttachedRolePolicies"
            " ListInstanceProfilesForRole ListPolicyVersions ListRolePolicies",
        ),
        r"arn:[a-z-]+:iam::\d{12}:(policy|role)/fraud-pipeline-\*[a-z0-9-]*",
        "Who looks at all looks at every role and policy of the pipeline, and can change none.",
    ),
    WildcardException(
        _actions("kms", "Decrypt Encrypt GenerateDataKey"),
        _arns("kms", r"key/\*"),
        "The key of Pulumi's state is not made by any stack. The key must have the alias of that one.",
        guards=("kms:ResourceAliases",),
    ),
)

EXCEPTIONS = (*_OF_SERVICES, *_OF_DEPLOYMENTS)

"""The calls of deployments that AWS's schemas do not contain, each with the documentation that needs it.

A schema lists the calls of CloudFormation. Pulumi's provider makes others, and some services need a
permission that their schemas leave out. The provider's code is in
https://github.com/hashicorp/terraform-provider-aws.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.aws.deployments import key_request
from tests.aws.policies import Context, Request
from tests.aws.targets import API, KEYS, TARGETS
from tests.stacks.mocked_aws import ACCOUNT, arn
from tests.stacks.recording import RecordedProgram, RecordedResource

_PROVIDER = "https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service"

Resources = Callable[[RecordedResource], list[str]]


def _own_arn(resource: RecordedResource) -> list[str]:
    return [target for target in TARGETS[resource.type.removeprefix("aws:")](resource).own.values() if target]


def _limited_arn(policy: RecordedResource) -> list[str]:
    """The ARN of a boundary, except that of foundation's deploy role, which only an administrator changes."""
    return [] if policy.name == "deploy-foundation" else _own_arn(policy)


def _every(_: RecordedResource) -> list[str]:
    return ["*"]


@dataclass(frozen=True)
class Rule:
    """The actions that a deployment of a type needs. `reads`: the read-only role needs them, too."""

    types: str
    actions: str
    reason: str
    link: str
    resources: Resources = _own_arn
    context: Mapping[str, str] = field(default_factory=dict)
    reads: bool = False

    def requests(self, programs: Mapping[str, RecordedProgram]) -> Iterator[tuple[str, Request]]:
        """The requests by layer."""
        for layer, program in programs.items():
            for resource in program.resources:
                if resource.type.removeprefix("aws:").partition(":")[0] in self.types.split():
                    for action in self.actions.split():
                        for target in self.resources(resource):
                            yield layer, self._request(layer, resource, action, target)

    def _request(self, layer: str, resource: RecordedResource, action: str, target: str) -> Request:
        if action.startswith("kms:"):
            use = KEYS[resource.type.removeprefix("aws:")](resource)
            return key_request(action, use.key, use.service, use.context)
        tags: Context = {"aws:ResourceTag/layer": layer} if not self.context else {}
        return Request(action, target, {**tags, **self.context})


RULES = (
    Rule(
        "dynamodb/table",
        "kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext kms:ReEncryptFrom kms:ReEncryptTo",
        "DynamoDB creates a table with a key of the customer with the permissions of the caller.",
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html",
        resources=_every,
    ),
    Rule(
        "cloudwatch/logGroup",
        "logs:AssociateKmsKey logs:CreateLogGroup logs:DeleteLogGroup logs:DisassociateKmsKey"
        " logs:PutRetentionPolicy logs:DeleteRetentionPolicy",
        "CloudWatch Logs checks actions other than those on tags on the ARN with ':*' at its end.",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html",
        resources=lambda group: [f"{arn('logs', 'log-group:' + group['name'])}:*"],
    ),
    Rule(
        "lambda/function",
        "lambda:GetFunctionConfiguration lambda:ListTags lambda:ListVersionsByFunction",
        "The provider waits for a function, and reads its tags and its last version.",
        f"{_PROVIDER}/lambda",
        reads=True,
    ),
    Rule(
        "lambda/function",
        "lambda:GetAccountSettings lambda:ListFunctions",
        "Checks before a deployment compare the quotas and look for functions in the network.",
        "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
        resources=_every,
        reads=True,
    ),
    Rule(
        "ec2/vpc",
        "lambda:ListFunctions",
        "Before a network is deleted, a check lists the functions that still use it.",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
        resources=_every,
    ),
    Rule(
        "iam/role",
        "iam:ListInstanceProfilesForRole",
        "The provider removes a role from instance profiles before it deletes the role.",
        f"{_PROVIDER}/iam",
    ),
    Rule(
        "iam/policy",
        "iam:TagPolicy iam:UntagPolicy",
        "The provider changes the tags of a policy, which CloudFormation cannot.",
        f"{_PROVIDER}/iam",
        resources=_limited_arn,
    ),
    Rule(
        "pipes/pipe",
        "pipes:ListTagsForResource",
        "The provider reads tags with a call of their own.",
        f"{_PROVIDER}/pipes",
        reads=True,
    ),
    Rule(
        "apigateway/restApi",
        "apigateway:GET",
        "The provider reads tags with a call of their own.",
        f"{_PROVIDER}/apigateway",
        resources=lambda api: [f"{API}/tags/{(API + '/restapis/' + api.name + '-id').replace(':', '%3A')}"],
        reads=True,
    ),
    Rule(
        "ec2/subnet",
        "ec2:DescribeAvailabilityZones ec2:DescribeNetworkInterfaces",
        "The program chooses zones. The provider waits until a subnet has no interfaces.",
        f"{_PROVIDER}/ec2",
        resources=_every,
        reads=True,
    ),
    Rule(
        "ec2/vpcEndpoint",
        "ec2:DescribePrefixLists ec2:DescribeVpcEndpointServices",
        "The program finds the zones of a service. The provider reads the prefix list of a gateway endpoint.",
        f"{_PROVIDER}/ec2",
        resources=_every,
        reads=True,
    ),
    Rule(
        "vpc/securityGroupEgressRule vpc/securityGroupIngressRule",
        "ec2:ModifySecurityGroupRules",
        "The provider changes a rule in place.",
        f"{_PROVIDER}/ec2",
    ),
    Rule(
        "vpc/securityGroupEgressRule vpc/securityGroupIngressRule",
        "ec2:CreateTags",
        "The provider creates a rule with tags, which EC2 checks as CreateTags on the rule.",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html",
        context={"aws:RequestTag/layer": "foundation"},
    ),
    Rule(
        "ec2/vpcEndpoint",
        "route53:AssociateVPCWithHostedZone",
        "An endpoint with private DNS associates a hosted zone of AWS with the VPC.",
        "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html",
        resources=lambda _: ["arn:aws:route53:::hostedzone/Z1"],
    ),
    Rule(
        "ec2/subnet ec2/securityGroup",
        "ec2:DeleteNetworkInterface ec2:DetachNetworkInterface",
        "The provider removes the interfaces of Lambda that block the deletion of a subnet or group.",
        f"{_PROVIDER}/ec2",
        resources=lambda _: [arn("ec2", "network-interface/eni-1")],
        context={"ec2:Vpc": f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/vpc-id"},
    ),
)

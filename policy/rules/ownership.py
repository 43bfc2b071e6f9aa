"""Rules for tags, by which people find the owner of a resource and deploy roles recognize it."""

from policy.resource import Resource
from policy.rule import rule

TAGGED = (
    "aws:apigateway/restApi:RestApi",
    "aws:apigateway/stage:Stage",
    "aws:cloudwatch/eventBus:EventBus",
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:dynamodb/table:Table",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/vpc:Vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:iam/policy:Policy",
    "aws:iam/role:Role",
    "aws:kms/key:Key",
    "aws:lambda/codeSigningConfig:CodeSigningConfig",
    "aws:lambda/function:Function",
    "aws:pipes/pipe:Pipe",
    "aws:signer/signingProfile:SigningProfile",
    "aws:sns/topic:Topic",
    "aws:sqs/queue:Queue",
)
REQUIRED_TAGS = ("project", "environment", "layer", "owner")


@rule(
    "tags-owner",
    *TAGGED,
    title="A resource has the tags project, environment, layer and owner",
    reason="An alarm at night finds the team, and costs are divided by layer.",
    remedy="Call tag_resources of shared/tags.py at the start of the program.",
    link="https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html",
)
def names_owner(resource: Resource) -> bool:
    tags = resource["tags"] or {}
    return all(tags.get(tag) for tag in REQUIRED_TAGS)


@rule(
    "tags-layer",
    *TAGGED,
    title="The tag layer is the layer of the stack",
    reason="Deploy roles may change resources with the tag of their own layer only.",
    remedy="Remove the tag layer from the resource. shared/tags.py sets it.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html",
    controls="C4",
)
def names_layer(resource: Resource) -> bool:
    return (resource["tags"] or {}).get("layer") == resource.layer

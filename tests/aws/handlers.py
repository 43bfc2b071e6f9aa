"""The permissions of AWS's CloudFormation handlers, from the schemas in `cfn-lint`.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from collections.abc import Mapping
from functools import cache

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.aws.properties.conversions import CONVERSIONS, Resource
from tests.stacks.mocked_aws import REGION

PHASES = ("create", "read", "update", "delete")

# Types without a CloudFormation type: the permissions in AWS's documentation, by phase.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, API_HeadObject.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# https://docs.aws.amazon.com/signer/latest/developerguide/gs-iam.html
_UPLOAD = ("s3:PutObject", "s3:PutObjectTagging", "kms:GenerateDataKey", "kms:Decrypt")
_HEAD = ("s3:GetObject", "s3:GetObjectTagging", "s3:ListBucket")
_DOCUMENTED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # A deployment retains the objects that it no longer needs.
    "s3/bucketObjectv2:BucketObjectv2": {
        "create": (*_UPLOAD, *_HEAD),
        "read": _HEAD,
        "update": (*_UPLOAD, *_HEAD),
    },
    # A job is not updated, and its deletion does nothing.
    "signer/signingJob:SigningJob": {
        "create": (
            "signer:StartSigningJob",
            "signer:DescribeSigningJob",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "s3:ListBucket",
            "kms:GenerateDataKey",
            "kms:Decrypt",
        ),
        "read": ("signer:DescribeSigningJob",),
    },
}

# Types whose handlers belong to another CloudFormation type than the converted resource.
_HANDLED_BY: Mapping[str, str] = {
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": "AWS::EC2::SecurityGroup",
    "iam/rolePolicy:RolePolicy": "AWS::IAM::RolePolicy",
}


# Permissions that the schema lists for the handler of reads, but that only change a resource.
_NO_READS: Mapping[str, tuple[str, ...]] = {
    "wafv2/webAclAssociation:WebAclAssociation": (
        "apigateway:SetWebACL",
        "wafv2:AssociateWebACL",
        "wafv2:DisassociateWebACL",
    ),
}


def find_schema_type(type_: str) -> str:
    """The CloudFormation type for a Pulumi type such as `sqs/queue:Queue`; for a part, that of its owner.

    Raises KeyError for a type that tests/aws/properties/conversions.py does not list.
    """
    if type_ in _HANDLED_BY:
        return _HANDLED_BY[type_]
    conversion = CONVERSIONS[type_]
    return conversion.type if isinstance(conversion, Resource) else find_schema_type(conversion.owner)


@cache
def handler_permissions(type_: str, phase: str) -> tuple[str, ...]:
    """The permissions of a phase, such as `create`, for a Pulumi type such as `sqs/queue:Queue`."""
    if type_ in _DOCUMENTED:
        return _DOCUMENTED[type_].get(phase, ())
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, find_schema_type(type_)).schema
    permissions = dict.fromkeys(schema["handlers"].get(phase, {}).get("permissions", ()))
    excluded = _NO_READS.get(type_, ()) if phase == "read" else ()
    return tuple(permission for permission in permissions if permission not in excluded)

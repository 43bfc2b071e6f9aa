"""The permissions that AWS's own CloudFormation handlers need, from the schemas that `cfn-lint` ships.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from collections.abc import Mapping
from functools import cache

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.aws.properties.conversions import CONVERSIONS, Resource
from tests.stacks.mocked_aws import REGION

PHASES = ("create", "read", "update", "delete")

# Types whose calls another CloudFormation type's handlers make than the one that they are converted to.
_HANDLED_BY: Mapping[str, str] = {
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": "AWS::EC2::SecurityGroup",
    "iam/rolePolicy:RolePolicy": "AWS::IAM::RolePolicy",
}


def schema_of(type_: str) -> str:
    """The CloudFormation type for a Pulumi type such as `sqs/queue:Queue`; of a part, the whole's.

    Raises KeyError for a type that tests/aws/properties/conversions.py does not have.
    """
    if type_ in _HANDLED_BY:
        return _HANDLED_BY[type_]
    conversion = CONVERSIONS[type_]
    return conversion.type if isinstance(conversion, Resource) else schema_of(conversion.owner)


@cache
def permissions(type_: str, phase: str) -> tuple[str, ...]:
    """The permissions of a phase, such as `create`, for a Pulumi type such as `sqs/queue:Queue`."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, schema_of(type_)).schema
    handler = schema["handlers"].get(phase, {})
    return tuple(dict.fromkeys(handler.get("permissions", ())))

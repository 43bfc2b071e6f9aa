"""The supported resource types: those that the stacks use."""

from local.plugin.resource import Resource
from local.plugin.services import (
    api_method,
    api_stage,
    apigateway,
    budgets,
    cloudwatch,
    dynamodb,
    ec2,
    events,
    iam,
    kms,
    lambda_,
    lambda_triggers,
    logs,
    pipes,
    security_group,
    sns,
    sqs,
    vpc_endpoint,
)

_MODULES = (
    api_method,
    api_stage,
    apigateway,
    budgets,
    cloudwatch,
    dynamodb,
    ec2,
    events,
    iam,
    kms,
    lambda_,
    lambda_triggers,
    logs,
    pipes,
    security_group,
    sns,
    sqs,
    vpc_endpoint,
)

RESOURCES: dict[str, type[Resource]] = {
    resource.pulumi_type: resource for module in _MODULES for resource in module.RESOURCES
}

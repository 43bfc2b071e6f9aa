"""The resource types this plugin knows: those that the stacks use, and no others."""

from local.plugin.resource import Resource
from local.plugin.services import sqs

RESOURCES: dict[str, type[Resource]] = {
    resource.pulumi_type: resource for module in (sqs,) for resource in module.RESOURCES
}

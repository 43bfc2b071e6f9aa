"""The standard tags of every resource, set in one place so that no resource lacks them."""

from collections.abc import Mapping
from typing import cast

import pulumi

from shared.projects import Project


def tag_resources(project: Project) -> None:
    """Tag every resource that the running program declares later. A resource's own tags take precedence."""
    standard = {
        "project": "fraud-pipeline",
        "environment": pulumi.get_stack(),
        "layer": project.layer,
        "owner": project.owner,
    }

    def add_tags(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        # Only types that support tags have the property, possibly with the value None.
        if "tags" not in args.props:
            return None
        own_tags = cast(Mapping[str, pulumi.Input[str]], args.props["tags"] or {})
        tags = {**standard, **own_tags}
        return pulumi.ResourceTransformationResult({**args.props, "tags": tags}, args.opts)

    pulumi.runtime.register_stack_transformation(add_tags)

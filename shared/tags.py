"""The tags that every resource carries, set in one place so that no resource can miss them."""

from collections.abc import Mapping
from typing import cast

import pulumi

from shared.projects import Project


def tag_resources(project: Project) -> None:
    """Tag every resource that the running program declares from here on; its own tags go before these."""
    standard = {
        "project": "fraud-pipeline",
        "environment": pulumi.get_stack(),
        "layer": project.layer,
        "owner": project.owner,
    }

    def with_tags(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        # A type that takes tags has the property, if only as None; the others, and components, do not.
        if "tags" not in args.props:
            return None
        own = cast(Mapping[str, pulumi.Input[str]], args.props["tags"] or {})
        tags = {**standard, **own}
        return pulumi.ResourceTransformationResult({**args.props, "tags": tags}, args.opts)

    pulumi.runtime.register_stack_transformation(with_tags)

"""What must not be lost: keys, table, queues, topic, where a layer's setting `deletionProtection` is on."""

import pulumi


def child_of(parent: pulumi.Resource, *, protected: bool) -> pulumi.ResourceOptions:
    """Options of a resource within `parent`.

    Protected, the engine refuses to delete or replace it. Should someone take that off by hand, what the
    engine then deletes is only forgotten: it stays in AWS, and can be imported again.
    """
    return pulumi.ResourceOptions(parent=parent, protect=protected, retain_on_delete=protected)

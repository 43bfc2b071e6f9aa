"""Protection of keys, tables, queues and topics against deletion, by the setting `deletionProtection`."""

import pulumi


def make_child_options(parent: pulumi.Resource, *, protected: bool) -> pulumi.ResourceOptions:
    """Make the options of a child of `parent`.

    The engine refuses to delete or replace a protected resource. Without the protection, it removes the
    resource from the state only: the resource remains in AWS and can be imported again.
    """
    return pulumi.ResourceOptions(parent=parent, protect=protected, retain_on_delete=protected)

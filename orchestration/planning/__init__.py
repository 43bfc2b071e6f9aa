"""Plan and run deployments of several layers."""

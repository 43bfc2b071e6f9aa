"""Plan, execution and checks of deployments of several layers."""

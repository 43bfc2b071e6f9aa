"""Deploy the layers with Pulumi."""

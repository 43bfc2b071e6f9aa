"""Run the Pulumi CLI and stack programs."""

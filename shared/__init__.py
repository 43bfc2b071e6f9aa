"""What the stacks share: projects, settings, contracts, names, IAM statements, and the function component."""

"""Code that all stacks share: projects, settings, contracts, names, IAM statements, common components."""

"""The strict `aws` provider of the embedded AWS: every property is either applied or rejected by name.

The package owns the life cycle of the resource types that the stacks use (`services/`). It accepts loopback
endpoints only and is never used with real AWS.
"""

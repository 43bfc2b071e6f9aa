"""The strict `aws` provider of the embedded AWS: what a stack declares is applied there, or refused by name.

Owns the life cycle of the resource types the stacks use (`services/`), against a loopback endpoint alone.
Does not own the endpoint itself (`local.emulator`), and is never used against real AWS.
"""

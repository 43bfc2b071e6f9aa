"""Where the stacks' state is, who holds it, and the copies of it."""

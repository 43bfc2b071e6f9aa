"""Where the layers stand, what changed outside Pulumi, and what flows between them."""

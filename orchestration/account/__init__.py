"""What an account must hold before the layers are deployed to it, each with its settings."""

"""The tasks as users type them: options, help texts and output tables."""

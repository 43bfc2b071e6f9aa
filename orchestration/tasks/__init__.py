"""The tasks as users type them: names, options and helps. What they do is in commands/."""

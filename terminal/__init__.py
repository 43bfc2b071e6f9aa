"""Input and output on a terminal: messages, questions, progress, errors."""

"""Terminal input and output: messages, questions, progress and errors."""

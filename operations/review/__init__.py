"""Lists, snoozes, explanations and candidate reports for analysts."""

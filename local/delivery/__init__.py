"""Deliveries that ministack lacks: from streams to buses and functions, asynchronous invocations, mail."""

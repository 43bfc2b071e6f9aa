"""Deliveries that ministack lacks: pipes to event buses, asynchronous invocations of functions, mail."""

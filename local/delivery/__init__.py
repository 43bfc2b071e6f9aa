"""Deliver between services where the embedded AWS does not: pipe, rule, asynchronous invocations, mail."""

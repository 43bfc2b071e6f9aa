"""Proofs about what is deployed and what it consists of."""

"""Estimate of the cost of an environment, from its settings, its code and list prices."""

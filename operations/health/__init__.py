"""The health of a deployed pipeline: its alarms, its parts, and the transactions without a decision."""

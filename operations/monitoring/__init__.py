"""Read logs, mail and queues of a deployed pipeline."""

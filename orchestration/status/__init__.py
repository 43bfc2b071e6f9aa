"""Status, history, drift and graph of the layers."""

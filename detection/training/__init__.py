"""Train and calibrate models."""

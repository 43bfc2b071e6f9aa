"""Prepare an AWS account: state bucket, key, CI identity."""

"""Replays past transactions in columns, thousands at a time, with the features of the one definition.

`functions/common/domain` defines features for one transaction. This folder computes the same values with
sorted columns and sums up to each row, which takes a tenth of the time.
"""

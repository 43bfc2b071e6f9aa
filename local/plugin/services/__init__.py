"""The resource types, one module per AWS service or subject, and the data sources.

A class with a `pulumi_type` is a supported type.
"""

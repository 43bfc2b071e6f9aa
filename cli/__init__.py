"""The tasks of the command line: their options and help, and one call each into the folders below.

A task imports the code that it calls inside its function, which saves `invoke --list` more than a second.
"""

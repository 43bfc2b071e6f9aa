"""The tasks of the command line: their options and help, and one call each into the folders below.

A task imports the code that it calls inside its function, which saves `invoke --list` more than a second.
"""

import gc

# A task creates many objects and soon ends. With Python's defaults, a fifth of a deployment's CPU time is
# garbage collection.
gc.set_threshold(20_000, 20, 100)

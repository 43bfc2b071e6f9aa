"""Help texts of options that several tasks have."""

# By parameter of a task. `cli.task.task` adds them to the task's own texts.
SHARED_HELP = {
    "env": "Use this environment: local (the embedded AWS), dev, staging or prod",
    "layer": "Include only this layer; repeat the option for several layers",
    "refresh": "With --no-refresh, skip reading the resources from AWS and trust the state",
    "verbose": "Show the traceback if a layer's program raises an exception",
    "yes": "Skip the confirmation",
    "confirm": "Confirm the loss of data with the name of the environment, where --yes is not enough",
    "override": "Allow a git tree that is not committed or pushed, for this reason,"
    " which the history records",
    "json": "Print JSON on standard output",
    "port": "Start the embedded AWS on this port"
    " (default: FRAUD_LOCAL_PORT, the last port, 4566 or a free port)",
    "follow": "Continue to print new entries until Ctrl-C",
    "workers": "Run tests in this number of processes (default: one more than processors, at most four)",
    "dry_run": "Show what would happen and change nothing",
    "unit": "Read timestamps in this unit: s, ms, us or ns (default: inferred from the first timestamp)",
    "columns": "Read the columns as this map declares: a YAML file, or a ready layout such as paysim",
    "timezone": "Read times without a zone in this time zone, such as Europe/Berlin (default: UTC)",
    "rejects": "Set bad rows aside in this CSV file instead of ending at the first one",
    "label_delay": "Assume that labels arrive this long after the transaction, such as 7d",
}
LOCAL_ENV = "Use this environment; only local is possible"
ONE_LAYER = "Use this layer"
SINCE = "Go back this far: a number and a unit (s, m, h, d or w)"
DAY = "a date, a time in UTC, or a day of the dataset, from 0"

"""Help texts of options that several tasks with a dataset have."""

UNIT = "Read timestamps in this unit: s or ms (default: inferred from the first timestamp)"
LABEL_DELAY = "Assume that labels arrive this long after the transaction, such as 7d"
DAY = "a date, a time in UTC, or a day of the dataset, from 0"

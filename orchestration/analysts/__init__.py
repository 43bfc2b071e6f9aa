"""For analysts: lists, snoozes, why something was decided, how a candidate fares."""

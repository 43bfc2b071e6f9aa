"""The bodies of the tasks: which layers there are, how the engine is driven, what users see."""

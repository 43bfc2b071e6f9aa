"""Reading the stream of a table, which pipes and event source mappings share."""

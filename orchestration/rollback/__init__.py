"""Restore an earlier version of a layer; recover an interrupted one."""

"""Programs whose resources cover every type of the plugin, each in three variants."""

"""When a created or updated object counts as ready: the official plug-in's rules."""

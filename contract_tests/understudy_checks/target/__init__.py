"""Targets: the servers that are checked, how to connect to them, and their settings."""

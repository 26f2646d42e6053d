"""Probes: what a server does where NextStep's pages leave a choice."""

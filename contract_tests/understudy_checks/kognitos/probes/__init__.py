"""Probes: what a server does where Kognitos' pages leave a choice."""

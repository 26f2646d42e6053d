"""Probes: what a server does where Tallyfy's pages leave a choice."""

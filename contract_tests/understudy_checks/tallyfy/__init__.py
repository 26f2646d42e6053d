"""Tallyfy: its checks, and beside them driver, probes and mutants."""

"""Kognitos: its checks, and beside them driver, probes and mutants."""

"""Mutants of Kognitos: deliberate breakages, each of which a check must detect."""

"""Mutants of NextStep: deliberate breakages, each of which a check must detect."""

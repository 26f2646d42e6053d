"""Mutants of Tallyfy: deliberate breakages, each of which a check must detect."""

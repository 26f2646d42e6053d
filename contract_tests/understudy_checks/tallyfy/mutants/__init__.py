"""Deliberate breakages of Tallyfy, each of which a check must notice."""

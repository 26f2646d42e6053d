"""Deliberate breakages of NextStep, each of which a check must notice."""

"""Deliberate breakages of Kognitos, each of which a check must notice."""

"""Checks of what every document promises."""

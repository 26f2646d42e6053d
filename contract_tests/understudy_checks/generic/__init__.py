"""Checks that apply to every document."""

"""Recordings: files of exchanges, and their comparison with responses."""

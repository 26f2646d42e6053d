"""Recorded exchanges: read, played back, compared."""

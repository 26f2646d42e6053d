"""Understudy's mock server: stands in for workflow services while they are out of reach."""

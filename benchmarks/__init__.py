"""What Understudy costs, measured against a bare server in the same run: `python -m benchmarks`."""

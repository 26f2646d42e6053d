"""Other mock servers on the same document and requests: `python -m benchmarks.peers`. None is a dependency."""

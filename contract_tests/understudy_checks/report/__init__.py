"""What a check of a target found out, for a terminal, for CI, for programs and as a page to read."""

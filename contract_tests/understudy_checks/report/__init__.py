"""The forms of a report: for a terminal, as an HTML page, for CI, for programs, as workflows."""

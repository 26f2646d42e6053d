"""The forms of a report: for a terminal, as JUnit XML, as JSON and as an HTML page."""

"""What an example of a check did, and how that is repeated: as requests, as a script."""

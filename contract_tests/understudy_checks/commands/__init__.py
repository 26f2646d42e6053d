"""What `understudy check`, `mutants` and `assumptions` do once the command line is read."""

"""The commands `understudy check`, `mutants` and `assumptions`, once their options are parsed."""

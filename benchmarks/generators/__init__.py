"""Whether generators of clients take the documents: each is installed, run, and its client compiled and used."""

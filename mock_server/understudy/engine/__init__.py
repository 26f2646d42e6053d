"""What answers a request: one in, one exchange out, without HTTP and without any vendor."""

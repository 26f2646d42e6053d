"""OpenAPI documents: read, checked and compiled at start."""

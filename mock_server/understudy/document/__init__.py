"""OpenAPI documents: read, understood whole, compiled at start."""

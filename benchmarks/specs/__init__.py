"""How well documents of others are served: read and judged without a line of the server."""

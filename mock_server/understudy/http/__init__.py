"""The edge: ASGI, the HTTP protocol, pages for people, the request log."""

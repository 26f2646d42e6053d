"""The Python API: a mock server on a thread, in process or elsewhere, and its worlds, for tests and scripts.

A door to the control API: what can be done there is done by `control`, and nothing else is. Must not know any API.
"""

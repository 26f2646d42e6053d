"""Understudy: a stateful, offline stand-in for remote APIs, driven by their OpenAPI documents."""

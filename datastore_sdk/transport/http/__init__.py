"""Requests and answers over TCP and TLS: by the standard library, or over httpx."""

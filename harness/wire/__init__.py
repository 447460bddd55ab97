"""Payloads, templates, framings and layouts: bytes and what they should be. Pure."""

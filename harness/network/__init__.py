"""Sockets of the harness and the tables of the kernel."""

"""Malformed packets: the catalogue, what a kernel makes of each, and how scapy builds them."""

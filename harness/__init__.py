"""wireharness: proves by real exchanges that a program keeps to its protocol."""

__version__ = "0.1.0"

"""The program under test: found, built, started, watched, stopped."""

"""Grading: many submissions, one result each, and a mark that can be traced to its cases."""

"""Pages: results as self-contained HTML, for people to look through."""

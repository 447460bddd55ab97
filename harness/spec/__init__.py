"""The spec language: model, loader, schema, lint. Pure."""

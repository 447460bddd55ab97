"""Plans, plays and deliveries: how an exchange goes and is judged. Pure."""

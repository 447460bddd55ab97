"""Where the pure core meets the world: plays cases against targets."""

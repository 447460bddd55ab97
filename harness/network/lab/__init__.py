"""A private network for a target: namespaces, links, and the sockets made inside of them."""

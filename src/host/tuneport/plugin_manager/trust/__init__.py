"""What code may run: the bytes of a plugin, who could change them, and what a lock file says of them."""

"""The identities of all samples so far: in memory, and above a limit on disk."""

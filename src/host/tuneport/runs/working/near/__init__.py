"""Near-duplicates: what fingerprints say of samples, and which samples they connect."""

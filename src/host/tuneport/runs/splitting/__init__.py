"""What is kept apart from training: who stands on which side, what stays there, and proof that nothing leaked."""

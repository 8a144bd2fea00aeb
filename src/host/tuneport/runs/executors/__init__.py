"""How parts are worked on: in this process, or in others; both stand behind the same calls."""

"""From what was rendered to what is visible: staged, sealed, described, published."""

"""How parts are worked on: in this process; other ways stand behind the same three calls."""

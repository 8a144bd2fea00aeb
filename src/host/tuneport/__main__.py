"""`python -m tuneport`."""

from tuneport.commands.main import main

main()

"""`python -m limi`, the same as the command `limi`."""

from limi.command import main

main()

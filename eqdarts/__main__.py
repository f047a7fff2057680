"""`python -m eqdarts`: the command line."""

import sys

from eqdarts.cli import main

if __name__ == "__main__":
    sys.exit(main())

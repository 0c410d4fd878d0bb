"""`python -m netdsl`."""

import sys

from netdsl.tools.cli import main

if __name__ == "__main__":
    sys.exit(main())

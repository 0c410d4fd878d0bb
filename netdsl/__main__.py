"""`python -m netdsl`."""

from netdsl.tools.cli import main

if __name__ == "__main__":
    main()

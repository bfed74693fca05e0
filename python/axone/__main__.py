"""`python -m axone`: see axone.cli."""

import sys

from axone.cli import main

if __name__ == "__main__":
    sys.exit(main())

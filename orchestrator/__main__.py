# PYTHON_ARGCOMPLETE_OK
"""`python -m orchestrator`."""

import sys

from orchestrator.cli import main

sys.exit(main())

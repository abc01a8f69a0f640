from __future__ import annotations

import sys

# schemathesis needs a Python newer than the oldest one that ctadata runs on.
collect_ignore = [] if sys.version_info >= (3, 11) else ["test_descriptions.py"]

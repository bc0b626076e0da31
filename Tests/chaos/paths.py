"""Makes the helpers of the other tests importable. Import it first."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
for folder in (ROOT / "e2e", ROOT / "Tests" / "integration"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

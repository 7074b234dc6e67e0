"""The books as finance, administrators and factories see them, and how they are kept: seals, closings, periods, audits."""

"""Bringing the platform up and looking after it: processes, migrations, seeds, audits, deployment files."""

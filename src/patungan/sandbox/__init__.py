"""The outside world, emulated over HTTP: payments, messages and couriers, with the real providers' paths and fields.

It runs as a program of its own (``python -m patungan.sandbox``) or inside a test (``create_sandbox``), keeps its
books in one SQLite file, and knows nothing of the platform but the addresses it calls back.
"""

from patungan.sandbox.app import create_sandbox
from patungan.sandbox.settings import SandboxSettings

__all__ = ["SandboxSettings", "create_sandbox"]

"""Benchmarks of Patungan: one module each, run by ``./patungan bench NAME``."""

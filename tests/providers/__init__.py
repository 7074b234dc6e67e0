"""Tests of the clients of the outside world."""

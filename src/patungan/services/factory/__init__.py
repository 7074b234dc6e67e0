"""Factory profiles and verification."""

"""Google's Geocoding API, emulated."""

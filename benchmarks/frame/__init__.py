"""What benchmarks stand on: a platform of their own, people and goods in bulk, load, percentiles."""

"""Sixteen islands with one floor plan: service, rules, queries, operations, routes, processes, migrations."""

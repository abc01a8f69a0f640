"""How fast the client is beside others: ``make bench`` (CONTRIBUTING.md, "Benchmarks")."""

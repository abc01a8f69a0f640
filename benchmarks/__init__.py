"""Compare the speed of the client with others: ``make bench`` (CONTRIBUTING.md, "Benchmarks")."""

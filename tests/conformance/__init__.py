"""Other people's test suites, run on our implementation: ``python tests/conformance/run.py SUITE FILE``."""

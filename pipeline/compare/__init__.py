"""Compare the kept pull requests with each other and with public benchmarks."""

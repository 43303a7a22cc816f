"""What it costs: Guichê beside the same work done bare. Run on purpose, never as a test."""

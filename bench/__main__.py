"""make bench."""

from bench.run import main

main()

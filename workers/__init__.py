"""What happens without a request: leases that end, tickets that wake.

Each loop is supervised and may run in any number of processes at once.
"""

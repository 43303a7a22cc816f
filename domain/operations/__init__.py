"""What people and posts make happen: load, decide, record, about twenty lines each.

The only async code of the domain. Operations never commit; what two share is a module of its own.
"""

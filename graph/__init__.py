"""What callers see: the GraphQL types, the three roots, and the policy of every field.

A type shows and names who answers; it never computes and never asks the database.
"""

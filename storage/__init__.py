"""How things are found and kept, on SQLite and on PostgreSQL.

The only package that knows SQL. Every read passes through the wall of access.py.
"""

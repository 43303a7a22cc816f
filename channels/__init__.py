"""The outside networks: their words read into posts, ours sent in their words.

Knows formats and signatures; never the database, never GraphQL.
"""

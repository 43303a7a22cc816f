"""How a committed fact reaches those who wait for it.

The bell carries no data; the tail reads the story. Nothing here decides who may see what.
"""

"""What `guiche` can be told to do; each module is loaded when its command is given.

A command joins parts and tells a person how it went; it holds no rule of its own.
"""

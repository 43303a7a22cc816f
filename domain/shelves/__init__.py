"""What an operation may ask of what is kept: the domain's own questions, as Protocols.

`storage` has the only answers, and mypy proves that they fit; nothing is asked or kept here.
"""

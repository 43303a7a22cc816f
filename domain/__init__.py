"""What the care team does: the words, the rules, and the verbs that change things.

No sockets, no clock, no SQL; never imports anything of ours but itself.
"""

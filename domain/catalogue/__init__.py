"""The sentences that people read, by what they speak of, each in two languages.

`domain.sentences` is where they are asked for; nothing else looks in here.
"""

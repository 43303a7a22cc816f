"""Who keeps answering: the feed, followed on behalf of one caller.

A subscription stands on resolvers and the feed; it never imports storage.
"""

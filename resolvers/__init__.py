"""Who answers: arguments in, domain objects out.

A resolver opens work, calls the domain and returns. It never imports storage.
"""

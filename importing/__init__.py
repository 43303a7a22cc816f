"""Another helpdesk's files, read through a mapping into conversations of ours.

Reads files and reports what it refused; the domain decides what becomes a ticket.
"""

"""Decisions as plain functions over plain values.

They never see a table, await anything or ask what time it is.
"""

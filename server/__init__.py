"""The processes we run, and the only place where the parts are joined.

Everything here is settings, transport and wiring; a rule found here lives in the wrong place.
"""

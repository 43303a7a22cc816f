"""Guichê as a contestant: beside other servers, over the data that they all are given."""

"""Finding IDENT where nobody documents it: servers in a segment that the user names, and what its tables are called.

Everything here only asks, and asks little: TOP in every question, a few hundred rows of a table, a time limit on the
whole. Samples stay in memory; what leaves is shares, shapes without their digits and letters, and names of columns.
"""

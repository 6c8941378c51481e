"""The clinic's own service, which IDENT's program calls: docs/reference/ident.md §1.

services        the address and its keys
doors           who is let in, and how failures are said
tickets         applications: kept once, given as often as IDENT asks
calls           telephone calls, running and finished
timetables      what IDENT posts, and the free time in it
calendar_watch  the same from its database, where it posts nothing
openapi         all of it for programs
"""

"""A patient's or visit's page: both sides, the link and why, what happened, and what a person may do about it.

story.py    what the hub remembers of a record: quick, and without anybody's name
sides.py    both sides as they are now, read from outside while the page waits
deeds.py    linking, unlinking, deciding anew
pages.py    the page and its parts
"""

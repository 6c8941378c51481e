"""A patient's or visit's page: both sides, the link and why, what happened, and what a person may do about it.

story.py    what the hub remembers of a record: quick, and without anybody's name
sides.py    both sides as they are now, read from outside while the page waits
candidates.py  the decision: who was chosen, who was not, and why
deeds.py    linking, unlinking, deciding anew
at_once.py  a pass for one record that begins at once
outcome.py  what came of it
pages.py    the page and its parts
"""

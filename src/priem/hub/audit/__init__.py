"""Who changed what, with before and after; and every set-up that a clinic has had.

acting.py     who is at it
notes.py      the log's one way in
document.py   a set-up as plain values without secrets, and what differs between two
watching.py   every saved set-up is noted, whoever saves it
accounts.py   what is done to people's accounts
pages.py      both as pages, and the way back to an earlier set-up
"""

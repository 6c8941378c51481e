"""What stands behind the widget in amoCRM: frames, and the questions that they ask.

sessions.py   what a frame shows instead of a cookie, for half an hour
places.py     where somebody may book
visits.py     visits, patients and answers as the frames read them
panel.py, window.py, journal.py, deeds.py, applying.py   what is shown, and what is done
pipeline.py   what a stage of the digital pipeline sets off
orders.py     its orders, kept and tried until they are over
views.py      the addresses
"""

"""Who may do what, and in which clinics.

rights.py   the roles and what each may do: the one table
guards.py   for views: which right a page needs
pages.py    people, and who has which role
"""

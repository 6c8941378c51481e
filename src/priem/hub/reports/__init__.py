"""What clinics ask for: how many requests were booked, came and paid, by source and by branch.

funnel   counts, in one question to the database
views    the page, and its CSV
"""

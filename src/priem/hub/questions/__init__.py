"""What waits for a person: doubtful matches, statuses without a meaning, rows that could not be read.

cards.py      a question as a card: candidates, and what speaks for each
answering.py  the answers, written down with whoever gave them
pages.py      one question at a time, and the two lists below it
"""

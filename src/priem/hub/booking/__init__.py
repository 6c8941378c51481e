"""Booking through the hub: for the widget in the lead's card, and for whoever calls the API.

receptions  a clinic's desks with its amoCRM and its memory, kept open between requests
window      what the booking window shows and does, for one actor: the service, without HTTP
asked       what comes in, told      what goes out
views, urls the addresses, for people who are logged in; another way in makes a `Window` of its own
"""

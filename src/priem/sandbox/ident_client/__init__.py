"""A stand-in of IDENT's desktop program, as far as it talks to a clinic's own service: docs/reference/ident.md §1.

It takes applications and calls at the real intervals or faster, drops what it has seen by (Id, DateAndTime), writes
what is new into OnlineTickets of the sandbox's IDENT, and posts the timetable out of its calendar.

    client      the methods and their intervals
    wire        JSON and XML, as one posts and the other reads them
    database    OnlineTickets and the calendar, through the login of the clinic's staff
    timetable   the calendar's quarters of an hour → intervals
    command     `priem sandbox ident-client`
"""

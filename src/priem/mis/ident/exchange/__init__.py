"""IDENT's own HTTP protocol («Собственный сервис клиники»): docs/reference/ident.md §1.

What it is: IDENT has no server of its own. Its desktop program in the clinic calls ours, every few minutes while
somebody has it open: it takes applications and calls, and it posts the timetable. Nothing here does input or output.

    moments    times as IDENT and other programs write them
    query      what a GET asks for
    ticket     an application, its limits, and how a lead becomes one
    call       a telephone call, running or finished
    writing    tickets and calls → JSON or XML
    body       a posted body: gzip and size
    stream     a posted JSON or XML document, element by element: it may have tens of MB
    timetable  those elements → intervals, and the free time in them

Quirks that this folder relies on: both ends of a period are inclusive, the later one may be the year 2200; a page that
is shorter than the limit ends the data; IDENT drops what it has seen by (Id, DateAndTime), so neither ever changes; a
post is the whole timetable, free time cut into quarters of an hour, busy time in blocks.

Inferred, not known: the names of XML elements above an object's own fields (a setting), that a limit of 0 means no
limit, and that one post is a whole timetable (a setting).
"""

"""A sandbox ArchiMed+: a server that answers, refuses and fails as docs/reference/archimed.md says the real one does.

`python -m priem.sandbox.archimed --port 0` prints one JSON line with its addresses and each branch's API id and secret.

    settings                       what can be chosen; what no source tells is a choice (`Manners`, `Shape`)
    wire, tokens                   what goes over the line, and the client's own JWT
    app, faults, journal           what every request meets before a route
    routes/, docdoc                the API's paths, wire format only
    state/                         a branch's database, and the rules of the clinic's program
    seed/                          invented people, schedules and visits
    control, overview, desk, live  what tests and people use beside the API
    sandbox, command               a thread of this process, or a program
"""

"""A sandbox amoCRM: a server that answers, refuses and fails as docs/reference/amocrm.md says the real one does.

`python -m priem.sandbox.amocrm --port 0` prints one JSON line with its address, its OAuth client and a token.

    wire, problems, validation, paging   what goes over the line
    app, limits, faults, server          what every request meets before a route
    routes/                              the API's paths, wire format only
    state/                               the account and the real system's rules
    webhooks                             delivery with retries
    control, overview, act, board/       what tests and people use beside the API
"""

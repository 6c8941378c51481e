"""The sandbox's own paths, `/_sandbox/…`. They know no token, no rate and no fault.

    GET    state?only=branches,talons,…&branch=API_ID   everything as it is stored, and what is booked twice
    GET    requests?after=N                             the log, one by one
    GET    changes?after=N                              what the living clinic did
    GET    faults · POST faults {kind, …} · DELETE faults
    POST   act {act, branch, …}                         what the clinic's people do (desk.py)
    POST   branch {branch, …}                           a branch's manners and shapes (settings.py)
    POST   clock {set, advance, freeze, skew}
    POST   live {rate, changes}
    POST   token {branch, user_id, seconds, …}          a signed JWT to try things by hand

`branch` is an API id or a number counted from 0, and may be left out where there is only one.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import desk, overview
from .settings import changed_manners, changed_shape
from .state.branch import Branch
from .tokens import signed
from .wire import Answer, Request, encode

if TYPE_CHECKING:
    from .app import Archimed

Sent = dict[str, Any]
HOUR = 3600


class Control:
    """Answers what tests and people ask of the sandbox itself."""

    def __init__(self, sandbox: "Archimed") -> None:
        self._sandbox = sandbox

    @staticmethod
    def is_meant(request: Request) -> bool:
        """Whether the path is the sandbox's own."""
        return request.path.startswith("/_sandbox/")

    def handle(self, request: Request) -> Answer:
        """What was asked, or 400 with what was wrong about it."""
        wanted = f"{request.method} {request.path.removeprefix('/_sandbox/')}"
        try:
            sent = dict(json.loads(request.body or b"{}"))
            body = self.ask(wanted, sent, dict(request.pairs))
        except (ValueError, LookupError, TypeError, AttributeError, StopIteration) as error:
            return Answer(400, encode({"error": f"{type(error).__name__}: {error}"}))
        return Answer(404, encode({"error": "no such control"})) if body is None else Answer(200, encode(body))

    def ask(self, wanted: str, sent: Sent, query: Mapping[str, str]) -> object | None:
        """The same from inside: `ask("POST act", {"act": "book", …}, {})`.

        None when there is no such thing; ValueError, KeyError or TypeError with what was wrong about it.
        """
        sandbox = self._sandbox
        after = int(query.get("after", 0))
        asked: dict[str, Callable[[], object]] = {
            "GET state": lambda: overview.state(sandbox, query),
            "GET requests": lambda: sandbox.journal.after(after),
            "GET changes": lambda: sandbox.live.after(after),
            "GET faults": sandbox.faults.shown,
            "POST faults": lambda: asdict(sandbox.faults.order(sent)),
            "DELETE faults": sandbox.faults.clear,
            "POST act": lambda: desk.perform(self.branch(sent), sent),
            "POST branch": lambda: self._change(sent),
            "POST clock": lambda: self._clock(sent),
            "POST token": lambda: self._token(sent),
        }
        if wanted == "POST live":  # it waits for the clinic, who waits for the lock
            return self._live(sent)
        with sandbox.lock:
            sandbox.prolong()
            return asked[wanted]() if wanted in asked else None

    def branch(self, sent: Sent) -> Branch:
        """The one that is meant."""
        branches = self._sandbox.branches
        named = sent.get("branch", 0 if len(branches) == 1 else None)
        if named is None:
            raise ValueError(f"branch: one of {', '.join(branches)}")
        return list(branches.values())[named] if isinstance(named, int) else branches[str(named)]

    def _change(self, sent: Sent) -> object:
        branch = self.branch(sent)
        for version, shape in branch.shapes.items():
            branch.shapes[version] = changed_shape(shape, sent.get(version, {}))
        manners = {name: value for name, value in sent.items() if name not in ("branch", *branch.shapes)}
        branch.manners = changed_manners(branch.manners, manners)
        return overview.branch(branch)

    def _clock(self, sent: Sent) -> object:
        """`set` is ISO, UTC unless it says otherwise; `freeze` true or false; `skew` puts the gateway ahead."""
        clock = self._sandbox.clock
        if sent.get("freeze"):
            clock.freeze()
        if "set" in sent:
            clock.set(datetime.fromisoformat(sent["set"]))
        if "advance" in sent:
            clock.advance(float(sent["advance"]))
        if sent.get("freeze") is False:
            clock.run()
        if "skew" in sent:
            clock.skew = float(sent["skew"])
        return overview.clock(self._sandbox)

    def _live(self, sent: Sent) -> object:
        """Without `changes` it goes on for ever, with rate 0 it stops."""
        rate, changes = float(sent.get("rate", 10)), sent.get("changes")
        if rate > 0:
            self._sandbox.live.start(rate, None if changes is None else int(changes))
        else:
            self._sandbox.live.stop()
        return self._sandbox.live.summary()

    def _token(self, sent: Sent) -> object:
        branch = self.branch(sent)
        expires = int(self._sandbox.clock.gateway() + float(sent.get("seconds", HOUR)))
        user = {"user_id": sent["user_id"]} if "user_id" in sent else {}
        return {"token": signed(branch.api_id, branch.secret, {"exp": expires, **user})}

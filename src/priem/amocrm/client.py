"""Requests in the name of a clinic: its token, its lane, and what its answers mean."""

from collections.abc import Sequence
from typing import Protocol

import stamina

from priem.amocrm.http import Http, Params, Payload
from priem.amocrm.pace import Lane
from priem.amocrm.problems import AUTHORISE_AGAIN, TOKEN_REFUSED, Answer, NotSent, problem_in
from priem.amocrm.stopping import AccountStopped
from priem.errors import TryLater


class Access(Protocol):
    """Where bearer tokens come from."""

    def token(self) -> str: ...

    def renew(self, refused: str) -> str:
        """Another token than the one amoCRM refused, or AskOperator."""


class Client:
    """Requests in the name of the clinic. One refused token is renewed, once."""

    def __init__(self, http: Http, access: Access, lane: Lane = "bulk") -> None:
        self._http = http
        self._access = access
        self.lane: Lane = lane

    def in_bulk(self) -> "Client":
        """For what nobody waits for: it makes way for everything else of this account."""
        return Client(self._http, self._access, "bulk")

    def get(self, path: str, params: Params = (), *, may_refuse: Sequence[int] = ()) -> Answer:
        """Raises TryLater or AskOperator; a read that failed on the way is repeated a few times first.

        An answer in JSON whose status is in `may_refuse` is returned like any other.
        """
        for attempt in stamina.retry_context(on=is_passing, attempts=4, timeout=90, wait_initial=0.3, wait_max=4):
            with attempt:
                return self._checked("GET", path, params, None, may_refuse)
        raise AssertionError("stamina raises when its attempts are over")

    def write(self, method: str, path: str, payload: Payload, about: Sequence[str] = ()) -> Answer:
        """Sent once. `about`: references of the drafts that are written, which name the clinic's records.

        Raises NotSent, Lost, Refused, TryLater (429) or AskOperator.
        """
        for attempt in stamina.retry_context(on=NotSent, attempts=4, timeout=30, wait_initial=0.3, wait_max=4):
            with attempt:
                return self._checked(method, path, (), payload, about=about)
        raise AssertionError("stamina raises when its attempts are over")

    def _checked(
        self,
        method: str,
        path: str,
        params: Params,
        payload: Payload,
        may_refuse: Sequence[int] = (),
        about: Sequence[str] = (),
    ) -> Answer:
        token = self._access.token()
        answer = self._send(method, path, params, payload, token, about)
        if answer.status == 401:
            answer = self._send(method, path, params, payload, self._access.renew(token), about)
            if answer.status == 401:
                self._http.stopped(AccountStopped(TOKEN_REFUSED, AUTHORISE_AGAIN))
        problem = problem_in(answer)
        if problem and not (answer.status in may_refuse and answer.shape == "json"):
            raise problem
        return answer

    def _send(
        self, method: str, path: str, params: Params, payload: Payload, token: str, about: Sequence[str]
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        return self._http.send(
            method, path, params=params, payload=payload, headers=headers, lane=self.lane, about=about
        )


def is_passing(error: Exception) -> bool:
    """Whether a read may be repeated at once: amoCRM stumbled. A 429 has been waited for already."""
    return isinstance(error, TryLater) and error.after is None

"""One client, from its first packet to its last."""

import contextlib
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from priem.sandbox.ident import errors, ntlm, requests
from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.errors import Cancelled, ConnectionLost, SqlError
from priem.sandbox.ident.facts import PROGRAMS, Facts
from priem.sandbox.ident.faults import Fault, Faults
from priem.sandbox.ident.interpreter import Interpreter, Outcome
from priem.sandbox.ident.journal import Journal
from priem.sandbox.ident.login import (
    ACKNOWLEDGED,
    Encryption,
    Login,
    agreed_encryption,
    parse_login,
    prelogin_answer,
    wanted_encryption,
)
from priem.sandbox.ident.parameters import Parameter
from priem.sandbox.ident.permissions import Logins
from priem.sandbox.ident.procedures import Procedures
from priem.sandbox.ident.schema import DATABASE
from priem.sandbox.ident.tls import TlsMode, handshake
from priem.sandbox.ident.tokens import Done, Environment, Tokens
from priem.sandbox.ident.types import TDS_7_2, TDS_7_4
from priem.sandbox.ident.wire import Channel, Message, PacketType, ResponseStream

DONE, DONE_PROCEDURE, DONE_IN_PROCEDURE = 0xFD, 0xFE, 0xFF
ROWS_BETWEEN_LOOKS = 256
FOREVER = 3600.0


@dataclass(slots=True)
class Shared:
    """What all sessions of a server have in common."""

    database: Database
    journal: Journal
    faults: Faults
    logins: Logins
    tls: TlsMode
    context: ssl.SSLContext | None = field(default=None, repr=False)


class Session:
    def __init__(self, connection: socket.socket, shared: Shared, spid: int) -> None:
        self._shared = shared
        self._channel = Channel(connection)
        self._socket = connection
        self._tokens = Tokens(TDS_7_4)
        self.facts = Facts(login="", spid=spid)
        self._interpreter: Interpreter | None = None
        self._mid_row: Fault | None = None

    def serve(self) -> None:
        try:
            login = self._greet()
            if login is not None and self._admit(login):
                while True:
                    self._answer(self._channel.read())
        except (ConnectionLost, OSError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        interpreter, self._interpreter = self._interpreter, None
        if interpreter:
            interpreter.close()

    def kick(self) -> None:
        """From another thread: the session's own one then ends it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    # --- login ------------------------------------------------------------------------------------

    def _greet(self) -> Login | None:
        message = self._channel.read()
        if message.type == PacketType.PRELOGIN:
            wanted = wanted_encryption(message.body)
            agreed = agreed_encryption(wanted, self._shared.tls)
            program = PROGRAMS[self._shared.database.compatibility]
            self._channel.send(PacketType.RESPONSE, prelogin_answer(agreed, program))
            message = self._encrypted(agreed)
        if message.type != PacketType.LOGIN:
            return None
        return parse_login(message.body)

    def _encrypted(self, agreed: Encryption) -> Message:
        if agreed == Encryption.NOT_SUPPORTED or self._shared.context is None:
            return self._channel.read()
        plain = self._channel.transport
        self._channel.transport = handshake(self._channel, self._shared.context)
        message = self._channel.read()
        if agreed == Encryption.OFF:
            self._channel.transport = plain
        return message

    def _admit(self, login: Login) -> bool:
        self._tokens = Tokens(login.version)
        user = self._windows_account() if ntlm.is_hello(login.hello) else login.user
        refused = self._refusal(login, user)
        stream = ResponseStream(self._channel)
        if refused:
            for error in refused:
                stream.write(self._tokens.error(error))
            stream.write(self._tokens.done(Done.ERROR))
            stream.end()
            return False
        self.facts.login = user.lower()
        self.facts.host, self.facts.application = login.host, login.application
        self._interpreter = Interpreter(self._shared.database, self._shared.journal, self.facts, self._before)
        self._interpreter.connection.watch(self._channel.interrupted)
        self._prepared = Procedures(self._interpreter)
        self._welcome(stream, login)
        return True

    def _windows_account(self) -> str:
        """Whose it is, once it is proven; empty when it is not."""
        challenge = ntlm.new_challenge()
        stream = ResponseStream(self._channel)
        stream.write(self._tokens.challenge(ntlm.challenge_message(challenge)))
        stream.end()
        message = self._channel.read()
        proof = ntlm.read_proof(message.body) if message.type == PacketType.SSPI else None
        return self._shared.logins.proven(proof, challenge)

    def _refusal(self, login: Login, user: str) -> list[SqlError]:
        faulty = self._shared.faults.hit(("refuse_login",), user.lower())
        is_proven = ntlm.is_hello(login.hello) and user != ""
        if faulty or not (is_proven or self._shared.logins.accepted(user, login.password)):
            return [errors.login_failed(user)]
        if login.database and login.database.strip("[]").upper() != DATABASE:
            return [errors.cannot_open(login.database), errors.login_failed(login.user)]
        return []

    def _welcome(self, stream: ResponseStream, login: Login) -> None:
        tokens = self._tokens
        size = min(max(login.packet_size, 512), 32767) if login.packet_size else 4096
        program = PROGRAMS[self._shared.database.compatibility]
        stream.write(tokens.environment(Environment.DATABASE, DATABASE, "master"))
        stream.write(tokens.info(5701, f"Changed database context to '{DATABASE}'."))
        stream.write(tokens.collation())
        stream.write(tokens.environment(Environment.LANGUAGE, "us_english"))
        stream.write(tokens.info(5703, "Changed language setting to us_english."))
        stream.write(tokens.login_acknowledged(ACKNOWLEDGED[login.version], program))
        stream.write(tokens.environment(Environment.PACKET_SIZE, str(size), "4096"))
        stream.write(tokens.done(Done.FINAL))
        stream.end()
        self._channel.packet_size = size

    @property
    def _running(self) -> Interpreter:
        if self._interpreter is None:
            raise ConnectionLost
        return self._interpreter

    # --- requests ---------------------------------------------------------------------------------

    def _answer(self, message: Message) -> None:
        stream = ResponseStream(self._channel)
        try:
            self._dispatch(message, stream)
        except Cancelled:
            self._acknowledge(stream)
            return
        stream.end()

    def _dispatch(self, message: Message, stream: ResponseStream) -> None:
        version = self._tokens.version
        if message.type == PacketType.BATCH:
            self._batch(requests.batch_text(message.body, version), stream)
        elif message.type == PacketType.RPC:
            self._calls(message, stream)
        elif message.type == PacketType.TRANSACTION:
            self._transaction(message, stream)
        elif message.type == PacketType.ATTENTION:
            stream.write(self._tokens.done(Done.ATTENTION))
        else:
            raise ConnectionLost

    def _acknowledge(self, stream: ResponseStream) -> None:
        """An attention came while we worked: what was cut off ends here, with the mark that we heard."""
        if self._channel.read().type != PacketType.ATTENTION:
            raise ConnectionLost
        stream.write(self._tokens.done(Done.ATTENTION))
        stream.end()

    def _batch(self, text: str, stream: ResponseStream, parameters: Sequence[Parameter] = ()) -> None:
        previous: Outcome | None = None
        before = self.facts.transactions
        try:
            for outcome in self._running.run(text, parameters):
                if previous is not None:
                    self._done(previous, stream, DONE, more=True)
                before = self._transaction_change(before, stream)
                self._result(outcome, stream)
                previous = outcome
        except SqlError as error:
            if previous is not None:
                self._done(previous, stream, DONE, more=True)
            self._transaction_change(before, stream)
            self._failed(error, stream, DONE)
            return
        self._done(previous or Outcome("NOTHING"), stream, DONE, more=False)

    def _calls(self, message: Message, stream: ResponseStream) -> None:
        calls = requests.calls(message.body, self._tokens.version)
        for number, call in enumerate(calls):
            last = number == len(calls) - 1
            before = self.facts.transactions
            try:
                for outcome in self._prepared.call(call):
                    before = self._transaction_change(before, stream)
                    self._result(outcome, stream)
                    self._done(outcome, stream, DONE_IN_PROCEDURE, more=True)
            except SqlError as error:
                self._failed(error, stream, DONE_PROCEDURE)
                return
            stream.write(self._tokens.return_status())
            for ordinal, (name, kind, value) in enumerate(self._prepared.outputs()):
                stream.write(self._tokens.return_value(ordinal, name, kind, value))
            stream.write(self._tokens.done(Done.FINAL if last else Done.MORE, token=DONE_PROCEDURE))

    def _transaction(self, message: Message, stream: ResponseStream) -> None:
        kind, again = requests.transaction_request(message.body, self._tokens.version)
        before = self.facts.transactions
        try:
            self._running.managed(kind, begins_again=again)
        except SqlError as error:
            self._failed(error, stream, DONE)
            return
        if again and before:
            self._transaction_change(before, stream, after=0)
            before = 0
        self._transaction_change(before, stream)
        stream.write(self._tokens.done(Done.FINAL))

    # --- answers ----------------------------------------------------------------------------------

    def _result(self, outcome: Outcome, stream: ResponseStream) -> None:
        if outcome.kind == "USE":
            stream.write(self._tokens.environment(Environment.DATABASE, outcome.message, outcome.message))
            stream.write(self._tokens.info(5701, f"Changed database context to '{outcome.message}'."))
        elif outcome.message:
            stream.write(self._tokens.info(0, outcome.message))
        if not outcome.columns:
            return
        stream.write(self._tokens.columns(outcome.columns))
        breaks_at = len(outcome.rows) // 2 if self._mid_row else -1
        for number, row in enumerate(self._tokens.rows(outcome.columns, outcome.rows)):
            stream.write(row)
            if number == breaks_at:
                self._mid_row = None
                stream.break_off()
                raise ConnectionLost
            if number % ROWS_BETWEEN_LOOKS == ROWS_BETWEEN_LOOKS - 1 and self._channel.interrupted():
                raise Cancelled

    def _done(self, outcome: Outcome, stream: ResponseStream, token: int, *, more: bool) -> None:
        flags = Done.MORE if more else Done.FINAL
        if outcome.count is not None:
            flags |= Done.COUNT
        stream.write(self._tokens.done(flags, max(0, outcome.count or 0), command=outcome.command, token=token))

    def _failed(self, error: SqlError, stream: ResponseStream, token: int) -> None:
        stream.write(self._tokens.error(error))
        stream.write(self._tokens.done(Done.ERROR, token=token))

    def _transaction_change(self, before: int, stream: ResponseStream, after: int | None = None) -> int:
        """Clients of 7.2 and later send the transaction's number with every request, so they are told of it."""
        after = self.facts.transactions if after is None else after
        number = self.facts.spid.to_bytes(8, "little")
        if self._tokens.version >= TDS_7_2 and bool(before) != bool(after):
            ended = Environment.ROLLBACK if self.facts.rolled_back else Environment.COMMIT
            kind, new, old = (Environment.BEGIN, number, b"") if after else (ended, b"", number)
            stream.write(self._tokens.environment_bytes(kind, new, old))
        return after

    # --- faults -----------------------------------------------------------------------------------

    def _before(self, _kind: str, text: str) -> None:
        kinds = ("slow", "silent", "drop_mid_row", "lock_timeout", "deadlock", "error")
        fault = self._shared.faults.hit(kinds, self.facts.login, text)
        if fault is None:
            return
        if fault.kind in ("slow", "silent"):
            self._wait(fault)
        elif fault.kind == "drop_mid_row":
            self._mid_row = fault
        elif fault.kind == "lock_timeout":
            raise errors.lock_timeout()
        elif fault.kind == "deadlock":
            raise errors.deadlock(self.facts.spid)
        else:
            raise SqlError(fault.number, "An error that a test asked for.")

    def _wait(self, fault: Fault) -> None:
        """Slow hears an attention; silent hears nothing, as a machine that has lost its network."""
        seconds = fault.seconds if fault.seconds is not None else 5.0 if fault.kind == "slow" else FOREVER
        if fault.kind == "slow" and self._channel.wait(seconds):
            raise Cancelled
        deadline = time.monotonic() + seconds
        while fault.kind == "silent" and time.monotonic() < deadline:
            self._hear_nothing(min(1.0, deadline - time.monotonic()))

    def _hear_nothing(self, seconds: float) -> None:
        """Swallow what comes; notice only that the connection is over."""
        if self._channel.wait(max(0.0, seconds)) and not self._socket.recv(65536):
            raise ConnectionLost

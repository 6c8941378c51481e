"""What may stand in the code at all: names, calls, hosts, and what goes to logs."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.rules.source import ROOT, SRC, TESTS, Module, calls, modules, not_exempt, project_files

EMPTY_NOUNS = frozenset({"manager", "helper", "util", "utility", "processor"})
"""They say that something is done, not what. A Django model's own `…Manager` would be an exception with a reason."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

HOSTS = tuple(
    "".join(parts)
    for parts in [
        *(("py", "pi.", "org"), ("python", "hosted.", "org"), ("registry.", "npm", "js"), ("deb.", "debian.", "org")),
        *(("snapshot.", "debian.", "org"), ("ftp.", "debian."), ("archive.", "ubuntu."), ("proxy.", "golang.")),
        *(("docker.", "io/"), ("ghcr.", "io"), ("node", "source.", "com"), ("--extra-", "index-url h")),
    ]
)
"""In pieces, so that this file names none itself."""

SLEEPS = ("time.sleep", "asyncio.sleep", "anyio.sleep", "sleep")
LONGEST_PAUSE = 0.1
"""Seconds between two looks at a condition."""

MADE_BY_A_RUN = re.compile(
    r"\.(sqlite3|db|log|key|zip|pyc)(-wal|-shm)?$|(^|/)(locks|limits|hooks|priem-data|\.venv)(/|$)"
)
"""Of a hub's home, or of tools: clinics' records and secrets stand there."""

IGNORED = re.compile(r"#\s*(?:noqa|type: ignore)\b(?:: ?[A-Z]+\d+(?:, ?[A-Z]+\d+)*|\[[a-z, -]+\])?(.*)$")

LOGGING = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "bind", "msg"})
LOGGERS = re.compile(r"(^|[._])log(ger|ging)?$", re.IGNORECASE)
PERSONAL = frozenset(
    {
        *("patient", "patients", "contact", "contacts", "person", "phone", "phones", "mobile", "email", "birthday"),
        *("surname", "patronymic", "full_name", "patient_name", "parent_name", "doctor_name", "comment", "card_number"),
        *("password", "secret", "secrets", "token", "tokens", "access_token", "refresh_token", "client_secret"),
    }
)
HARMLESS_PARTS = frozenset({"id", "key", "keys", "ref", "connection", "kind", "count", "env", "file"})
"""`patient.key` names a record without saying who it is, `secret.env` says where a secret stands."""


def test_names_say_what_a_thing_is() -> None:
    found = {
        f"{module.place}::{name}": f"«{noun}» says nothing"
        for module in modules(SRC)
        for name in defined_names(module)
        for noun in EMPTY_NOUNS & set(words(name))
    }
    assert not_exempt("names", found) == []


def defined_names(module: Module) -> Iterator[str]:
    yield from module.path.relative_to(SRC).with_suffix("").parts
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def words(name: str) -> list[str]:
    return [word.lower().removesuffix("s") for word in WORD.findall(name)]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("PatientManager", ["patient", "manager"]),
        ("http_utils", ["http", "util"]),
        ("XMLHelper", ["xml", "helper"]),
        ("managed", ["managed"]),
    ],
)
def test_how_names_are_taken_apart(name: str, said: list[str]) -> None:
    assert words(name) == said


def test_tests_wait_for_a_condition_not_for_a_while() -> None:
    found = {
        place: "sleeps"
        for module in modules(TESTS)
        for place, call in module.calls()
        if called(call) in SLEEPS and call.lineno not in pauses_of_polling(module.tree)
    }
    assert not_exempt("sleep", found) == []


def pauses_of_polling(tree: ast.AST) -> set[int]:
    """Lines of short sleeps in a `while`: the condition is what ends them."""
    return {
        call.lineno
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While)
        for _, call in calls(loop, "")
        if called(call) in SLEEPS and is_short(call.args)
    }


def is_short(arguments: list[ast.expr]) -> bool:
    seconds = getattr(arguments[0], "value", None) if arguments else None
    return isinstance(seconds, int | float) and seconds <= LONGEST_PAUSE


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("while not done():\n    time.sleep(0.05)\n", {2}),
        ("while not done():\n    time.sleep(5)\n", set()),
        ("time.sleep(0.05)\n", set()),
        ("for _ in range(3):\n    time.sleep(0.05)\n", set()),
    ],
)
def test_what_counts_as_polling(written: str, lines: set[int]) -> None:
    assert pauses_of_polling(ast.parse(written)) == lines


def test_every_ignored_warning_says_why_on_its_line() -> None:
    unexplained = [
        f"{module.place}:{number}"
        for module in (*modules(SRC), *modules(TESTS), *modules(ROOT / "bench"))
        for number, line in enumerate(module.text.splitlines(), 1)
        if (ignored := IGNORED.search(line)) and not re.search(r"[^\W\d_]{2}", ignored[1])
    ]
    assert unexplained == []


def test_only_the_terminal_prints() -> None:
    found = {
        place: "prints"
        for module in modules(SRC)
        if module.path.relative_to(SRC).parts[0] not in ("cli", "sandbox")
        for place, call in module.calls()
        if called(call) == "print"
    }
    assert not_exempt("print", found) == []


def test_no_file_names_a_package_registry() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in project_files()
        for text in [path.read_bytes().decode("utf-8", "replace")]
        for host in HOSTS
        if host in text
    ]
    assert found == []


def test_nothing_that_a_run_has_made_is_kept() -> None:
    kept = (path.relative_to(ROOT).as_posix() for path in project_files())
    assert [path for path in kept if MADE_BY_A_RUN.search(path) and not path.endswith(".py")] == []


def test_logs_and_messages_carry_nobody() -> None:
    found = {
        place: f"{called(call)}(… {shown} …)"
        for module in modules(SRC)
        if "sandbox" not in module.path.relative_to(SRC).parts[0]
        for place, call in module.calls()
        if goes_to_a_log(call) or called(call) in ("text", "Text")
        for shown in personal(call)
    }
    assert not_exempt("personal_data", found) == []


def goes_to_a_log(call: ast.Call) -> bool:
    owner, _, method = called(call).rpartition(".")
    return method in LOGGING and LOGGERS.search(owner) is not None


def personal(call: ast.Call) -> Iterator[str]:
    """The names of what is a patient's or a secret among the arguments, keywords and f-strings included."""
    for keyword in call.keywords:
        if keyword.arg in PERSONAL and not isinstance(keyword.value, ast.Constant):
            yield keyword.arg
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        yield from personal_parts(argument)


def personal_parts(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id="len" | "bool")):
            return
        case ast.Attribute(attr=part) if part in HARMLESS_PARTS:
            return
        case ast.Attribute(value=ast.Name(id=owner), attr="name") if owner in PERSONAL:
            yield f"{owner}.name"
            return
        case ast.Attribute(attr=part) if part in PERSONAL:
            yield part
            return
        case ast.Name(id=name) if name in PERSONAL:
            yield name
    for child in ast.iter_child_nodes(node):
        yield from personal_parts(child)


def called(call: ast.Call) -> str:
    return ast.unparse(call.func)


def first_call(written: str) -> ast.Call:
    return next(call for _, call in calls(ast.parse(written), ""))


@pytest.mark.parametrize(
    "written",
    [
        'logger.info("created", phone=phone)',
        'logger.warning(f"no contact for {patient.name}")',
        'self._log.error("refused %s", patient)',
        "logging.debug(str(contact.phones))",
        'log.exception("token refused", token=tokens.access)',
        'text("{name} cannot be read", name=patient.name)',
        'text("{name} has no phone", name=surname.title())',
    ],
)
def test_the_check_sees_somebody(written: str) -> None:
    assert list(personal(first_call(written)))


@pytest.mark.parametrize(
    "written",
    [
        'logger.info("created", record=patient.key)',
        'logger.info("read", rows=len(patients))',
        'text("The branch {name} is not known.", name=branch.name)',
        'logger.info("the token is due", account=account.id)',
    ],
)
def test_the_check_lets_ids_and_counts_through(written: str) -> None:
    assert not list(personal(first_call(written)))


@pytest.mark.parametrize(
    ("written", "logs"),
    [
        ('logger.info("x")', True),
        ('self._logger.error("x")', True),
        ('structlog.get_logger().info("x")', False),
        ('catalog.info("x")', False),
    ],
)
def test_what_counts_as_a_log(written: str, *, logs: bool) -> None:
    assert goes_to_a_log(first_call(written)) is logs

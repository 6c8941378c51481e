"""SQL Server's own errors: number, severity and text, as drivers and their users know them."""


class SqlError(Exception):
    """Travels to the client as an ERROR token. Severity 20 and above also ends the connection."""

    def __init__(self, number: int, message: str, *, severity: int = 16, state: int = 1) -> None:
        super().__init__(message)
        self.number = number
        self.message = message
        self.severity = severity
        self.state = state


class ConnectionLost(Exception):
    """The client went away, or a fault says that we do."""


class Cancelled(Exception):
    """The client sent an attention while its request was running."""


def syntax(near: str) -> SqlError:
    return SqlError(102, f"Incorrect syntax near '{near}'.", severity=15)


def keyword(word: str) -> SqlError:
    return SqlError(156, f"Incorrect syntax near the keyword '{word}'.", severity=15)


def unsupported(what: str) -> SqlError:
    """A construct that a real server may take, but that nobody should rely on with this profile."""
    return SqlError(102, f"Incorrect syntax near '{what}'. (Not supported by the sandbox.)", severity=15)


def no_function(name: str) -> SqlError:
    return SqlError(195, f"'{name}' is not a recognized built-in function name.", severity=15, state=10)


def no_object(name: str) -> SqlError:
    return SqlError(208, f"Invalid object name '{name}'.")


def no_column(name: str) -> SqlError:
    return SqlError(207, f"Invalid column name '{name}'.")


def unbound(name: str) -> SqlError:
    return SqlError(4104, f'The multi-part identifier "{name}" could not be bound.')


def no_variable(name: str) -> SqlError:
    return SqlError(137, f'Must declare the scalar variable "@{name}".', severity=15, state=2)


def no_procedure(name: str) -> SqlError:
    return SqlError(2812, f"Could not find stored procedure '{name}'.", state=62)


def no_database(name: str) -> SqlError:
    return SqlError(911, f"Database '{name}' does not exist. Make sure that the name is entered correctly.")


def permission_denied(permission: str, name: str) -> SqlError:
    message = f"The {permission} permission was denied on the object '{name}', database 'PZ', schema 'dbo'."
    return SqlError(229, message, severity=14, state=5)


def create_denied(what: str) -> SqlError:
    return SqlError(262, f"{what} permission denied in database 'PZ'.", severity=14)


def login_failed(user: str) -> SqlError:
    return SqlError(18456, f"Login failed for user '{user}'.", severity=14)


def cannot_open(database: str) -> SqlError:
    message = f'Cannot open database "{database}" requested by the login. The login failed.'
    return SqlError(4060, message, severity=11)


def lock_timeout() -> SqlError:
    return SqlError(1222, "Lock request time out period exceeded.", state=45)


def deadlock(session: int) -> SqlError:
    message = (
        f"Transaction (Process ID {session}) was deadlocked on lock resources with another process and has been chosen "
        "as the deadlock victim. Rerun the transaction."
    )
    return SqlError(1205, message, severity=13, state=51)


def bad_date() -> SqlError:
    return SqlError(241, "Conversion failed when converting date and/or time from character string.")


def bad_number(value: object, target: str) -> SqlError:
    return SqlError(245, f"Conversion failed when converting the nvarchar value '{value}' to data type {target}.")


def truncated() -> SqlError:
    return SqlError(8152, "String or binary data would be truncated.", state=13)


def duplicate_key(table: str) -> SqlError:
    message = f"Violation of PRIMARY KEY constraint 'PK_{table}'. Cannot insert duplicate key in object 'dbo.{table}'."
    return SqlError(2627, message, severity=14)


def broken_reference() -> SqlError:
    return SqlError(547, "The statement conflicted with a FOREIGN KEY constraint.", state=0)


def missing_value(table: str, column: str) -> SqlError:
    message = (
        f"Cannot insert the value NULL into column '{column}', table 'PZ.dbo.{table}'; column does not allow nulls."
    )
    return SqlError(515, message, state=2)

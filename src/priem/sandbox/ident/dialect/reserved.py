"""Words that T-SQL keeps for itself: bare, none of them may name a column, a table or anything else.

Microsoft lists them under «Reserved Keywords (Transact-SQL)»; those for searching by meaning are left out.
"""

from collections.abc import Sequence

RESERVED = frozenset(
    # A word each, without a list's quotes and commas.
    """ADD ALL ALTER AND ANY AS ASC AUTHORIZATION BACKUP BEGIN BETWEEN BREAK BROWSE BULK BY CASCADE CASE CHECK
    CHECKPOINT CLOSE CLUSTERED COALESCE COLLATE COLUMN COMMIT COMPUTE CONSTRAINT CONTAINS CONTAINSTABLE CONTINUE CONVERT
    CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASE DBCC DEALLOCATE
    DECLARE DEFAULT DELETE DENY DESC DISK DISTINCT DISTRIBUTED DOUBLE DROP DUMP ELSE END ERRLVL ESCAPE EXCEPT EXEC
    EXECUTE EXISTS EXIT EXTERNAL FETCH FILE FILLFACTOR FOR FOREIGN FREETEXT FREETEXTTABLE FROM FULL FUNCTION GOTO GRANT
    GROUP HAVING HOLDLOCK IDENTITY IDENTITY_INSERT IDENTITYCOL IF IN INDEX INNER INSERT INTERSECT INTO IS JOIN KEY KILL
    LEFT LIKE LINENO LOAD MERGE NATIONAL NOCHECK NONCLUSTERED NOT NULL NULLIF OF OFF OFFSETS ON OPEN OPENDATASOURCE
    OPENQUERY OPENROWSET OPENXML OPTION OR ORDER OUTER OVER PERCENT PIVOT PLAN PRECISION PRIMARY PRINT PROC PROCEDURE
    PUBLIC RAISERROR READ READTEXT RECONFIGURE REFERENCES REPLICATION RESTORE RESTRICT RETURN REVERT REVOKE RIGHT
    ROLLBACK ROWCOUNT ROWGUIDCOL RULE SAVE SCHEMA SECURITYAUDIT SELECT SESSION_USER SET SETUSER SHUTDOWN SOME STATISTICS
    SYSTEM_USER TABLE TABLESAMPLE TEXTSIZE THEN TO TOP TRAN TRANSACTION TRIGGER TRUNCATE TRY_CONVERT TSEQUAL UNION
    UNIQUE UNPIVOT UPDATE UPDATETEXT USE USER VALUES VARYING VIEW WAITFOR WHEN WHERE WHILE WITH WRITETEXT""".split()  # noqa: SIM905 - two hundred words read better so
)
NAMING = ("AS", ".")
"""What stands before a name. `AS SELECT` begins a view's text, `AS USER` is whose rights to take; others are types."""
NO_NAMES = frozenset(("SELECT", "USER", "DOUBLE", "NATIONAL"))


def reserved_name(words: Sequence[str]) -> str:
    """The first reserved word that stands where a name has to; empty where there is none. Words in capitals, those in
    brackets or quotes as empty ones."""
    pairs = zip(words, [*words[1:], ""], strict=True)
    return next((found for before, word in pairs if (found := misplaced(before, word))), "")


def misplaced(before: str, word: str) -> str:
    if word == "." and before in RESERVED:
        return before
    is_name = before in NAMING and not (before == "AS" and word in NO_NAMES)
    return word if is_name and word in RESERVED else ""

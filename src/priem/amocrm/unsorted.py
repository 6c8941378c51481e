"""«Неразобранное»: requests that nobody has taken yet. docs/reference/amocrm.md §3.16"""

from collections.abc import Iterator, Mapping

from priem.amocrm.client import Client

PATH = "/api/v4/leads/unsorted"


def waiting(client: Client) -> Iterator[tuple[int, str]]:
    """Leads that wait to be taken, each with the uid by which it is taken. One request per 250."""
    page, more = 1, True
    while more:
        answer = client.get(PATH, [("page", page), ("limit", 250)])
        for row in answer.rows("unsorted"):
            embedded = row.get("_embedded")
            for lead in (embedded.get("leads") if isinstance(embedded, dict) else None) or ():
                yield int(lead["id"]), str(row["uid"])
        page, more = page + 1, answer.has_next


def accept(client: Client, uid: str, *, stage: int | None = None, user: int | None = None) -> None:
    """The request becomes an ordinary lead, in that stage. Raises Refused when it was taken or declined before."""
    chosen: Mapping[str, int | None] = {"status_id": stage, "user_id": user}
    client.write("POST", f"{PATH}/{uid}/accept", {name: value for name, value in chosen.items() if value is not None})

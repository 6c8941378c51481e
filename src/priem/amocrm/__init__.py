"""amoCRM, the adapter out.

    config            which account, how hard it may be worked
    pace, limits      seven requests a second, for all threads and processes
    stopping          an account that is closed to us is left alone
    http, client      a request and its answer; in the name of the clinic
    problems          refusals, sorted by who moves next
    oauth, disposable tokens: the account's, a widget's
    fields, catalog   custom fields ↔ values; the account's own
    contacts, leads, work, calls   JSON ↔ contacts, leads, tasks and notes, calls
    account           pipelines, users, loss reasons, types of tasks, tags
    sources           where leads come from
    newest            what changed lately, though the list changes meanwhile
    reading, writing  pages and batches, several in flight
    events            merges and deletions
    webhooks, webhooks_in   the subscription, and what it brings
    hook_news         which of that is news
    unsorted          requests that nobody has taken yet
    crm               all of it as ports.Crm

The facts are in docs/reference/amocrm.md.
"""

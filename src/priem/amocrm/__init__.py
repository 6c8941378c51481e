"""amoCRM, the adapter out.

    config      which account            oauth       tokens
    limits      7 requests a second      client      one request and its answer
    problems    refusals, sorted by who moves next
    fields      custom fields ↔ values   contacts, leads   their JSON ↔ the model
    account     pipelines, users, fields reading, writing  pages and batches, several in flight
    crm         all of it as ports.Crm

The facts are in docs/reference/amocrm.md.
"""

"""amoCRM's side of the hub: what it calls, and what the hub keeps with it.

access        a clinic's adapter, with its tokens, limits and journal
address       where this hub is reached from outside, and the secret path of each clinic
inbox         webhooks as they come: kept at once, written to the database behind the caller's back
subscription  amoCRM is asked to post, and asked again when it stopped
hearing       what came is looked at; what may have been missed is read
granting      a person lets Priem in, by the button or the widget; amoCRM says that it was removed
views, urls   the addresses that amoCRM calls
"""

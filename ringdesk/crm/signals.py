"""What other rooms may listen to. Sent inside the transaction that makes the change.

``numbers_changed``: ``organization`` (id), ``numbers`` (normalized, new on the card) and the card they now stand on:
one of ``client``, ``contract``, ``lead``; the other two are None. Who links by number asks ``linking.identify``
again: the number may stand on several cards.

``clients_merged``: ``organization`` (id), ``kept`` (Client) and ``gone`` (ids of the clients merged into it).
Foreign keys to them are already moved.

``lead_converted``: ``organization`` (id), ``lead`` (Lead) and ``client`` (Client) it has become.
"""

from django.dispatch import Signal

numbers_changed = Signal()
clients_merged = Signal()
lead_converted = Signal()

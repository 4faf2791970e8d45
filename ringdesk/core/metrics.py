"""What /metrics counts (Prometheus). Names are public: docs/operations.md."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("ringdesk_events_received", "Reports received by the doors", ["connector"])
REFUSED = Counter("ringdesk_requests_refused", "Requests refused by the doors", ["status"])
SOCKETS = Gauge("ringdesk_sockets", "Open WebSockets of the live channel")
TOO_SLOW = Counter("ringdesk_sockets_too_slow", "WebSockets closed because they did not read")
RING_TO_SCREEN = Histogram(
    "ringdesk_ring_to_screen_seconds",
    "From the request of a PBX to its frame handed to the open sockets",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
CALLS_OPEN = Gauge("ringdesk_calls_open", "Calls that are not over")
JOBS_WAITING = Gauge("ringdesk_jobs_waiting", "Background jobs that wait")
DELIVERIES = Counter(
    "ringdesk_webhook_deliveries", "Attempts to deliver to outside CRMs and webhooks", ["kind", "outcome"]
)
QUESTIONS = Counter("ringdesk_contact_questions", "Questions to outside CRMs whose caller it is", ["outcome"])
LISTENING = Gauge("ringdesk_listening", "Sources whose connection stands in this process", ["connector"])
CONNECTIONS_LOST = Counter("ringdesk_connections_lost", "Connections to sources that failed or broke", ["connector"])
HEARD_WAITING = Gauge("ringdesk_heard_waiting", "Events of listened sources that are not stored yet", ["connector"])

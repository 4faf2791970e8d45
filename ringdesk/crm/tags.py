"""The tags an organization uses: there is no list of them but their use."""

from collections import Counter

from ringdesk.accounts.models import Organization
from ringdesk.crm.models import Client

# The latest tagged cards say well enough what is in use.
_LOOKED_AT = 1000


def in_use(organization: Organization, most: int = 12) -> list[str]:
    """Return the tags used most among the latest tagged clients, the most used first."""
    tagged = Client.objects.for_org(organization).exclude(tags=[]).order_by("-id")
    counted = Counter(tag for tags in tagged.values_list("tags", flat=True)[:_LOOKED_AT] for tag in tags)
    return [tag for tag, _count in counted.most_common(most)]

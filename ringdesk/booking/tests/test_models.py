import pytest

from ringdesk.accounts.models import Branch, Organization
from ringdesk.booking.models import JobTitle, ServiceCategory


@pytest.mark.django_db
def test_categories_and_job_titles_never_share_an_id() -> None:
    organization = Organization.objects.create(name="Salon", slug="salon")
    branch = Branch.objects.create(organization=organization, name="Salon")
    made = [
        model.objects.create(organization=organization, branch=branch, name="x").pk
        for model in (ServiceCategory, ServiceCategory, JobTitle, JobTitle, JobTitle, ServiceCategory)
    ]
    assert [id % 2 for id in made] == [1, 1, 0, 0, 0, 1]
    assert len(set(made)) == len(made)

from django.urls import path

from ringdesk.crm.views import clients, contracts, interactions, leads, merging, phone_rows

app_name = "crm"
urlpatterns = [
    path("clients/", clients.client_list, name="clients"),
    path("clients/new/", clients.client_new, name="client_new"),
    path("clients/merge/", merging.merge, name="client_merge"),
    path("clients/companies/", clients.companies, name="client_companies"),
    path("clients/phone-rows/", phone_rows.rows, name="client_phone_rows"),
    path("clients/<int:pk>/", clients.client, name="client"),
    path("clients/<int:pk>/change/", clients.client_change, name="client_change"),
    path("clients/<int:pk>/delete/", clients.client_delete, name="client_delete"),
    path("clients/<int:pk>/contracts/new/", contracts.contract_new, name="contract_new"),
    path("clients/contracts/<int:pk>/", contracts.contract_change, name="contract_change"),
    path("clients/contracts/<int:pk>/delete/", contracts.contract_delete, name="contract_delete"),
    path("clients/<int:pk>/interactions/", interactions.client_interactions, name="client_interactions"),
    path("interactions/", interactions.interaction_list, name="interactions"),
    path("interactions/<int:pk>/", interactions.interaction, name="interaction"),
    path("leads/", leads.lead_list, name="leads"),
    path("leads/new/", leads.lead_new, name="lead_new"),
    path("leads/<int:pk>/", leads.lead, name="lead"),
    path("leads/<int:pk>/change/", leads.lead_change, name="lead_change"),
    path("leads/<int:pk>/convert/", leads.lead_convert, name="lead_convert"),
    path("leads/<int:pk>/delete/", leads.lead_delete, name="lead_delete"),
]

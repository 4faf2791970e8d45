from django.urls import path

from ringdesk.crm.views import clients, contracts, merging, phone_rows

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
]

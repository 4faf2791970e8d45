from django.urls import path

from ringdesk.webhooks.views import crms, deliveries, endpoints, webhooks

app_name = "webhooks"
urlpatterns = [
    path("outside/", endpoints.endpoint_list, name="endpoints"),
    path("outside/crm/new/", crms.crm_add, name="crm_add"),
    path("outside/webhook/new/", webhooks.webhook_add, name="webhook_add"),
    path("outside/<int:pk>/", endpoints.endpoint, name="endpoint"),
    path("outside/<int:pk>/state/", endpoints.endpoint_state, name="endpoint_state"),
    path("outside/<int:pk>/change/", endpoints.endpoint_change, name="endpoint_change"),
    path("outside/<int:pk>/switch/", endpoints.endpoint_switch, name="endpoint_switch"),
    path("outside/<int:pk>/delete/", endpoints.endpoint_delete, name="endpoint_delete"),
    path("outside/<int:pk>/test/", endpoints.endpoint_test, name="endpoint_test"),
    path("outside/<int:pk>/try-now/", endpoints.endpoint_try_now, name="endpoint_try_now"),
    path("outside/<int:pk>/key/", crms.crm_renew_key, name="crm_renew_key"),
    path("outside/<int:pk>/users/", crms.crm_user_save, name="crm_user_save"),
    path("outside/<int:pk>/users/<int:row>/forget/", crms.crm_user_forget, name="crm_user_forget"),
    path("outside/<int:pk>/secret/", webhooks.webhook_renew_secret, name="webhook_renew_secret"),
    path("outside/<int:pk>/deliveries/", deliveries.delivery_list, name="deliveries"),
    path("outside/<int:pk>/deliveries/again/", deliveries.deliveries_again, name="deliveries_again"),
    path("outside/<int:pk>/deliveries/<int:row>/", deliveries.delivery, name="delivery"),
    path("outside/<int:pk>/deliveries/<int:row>/again/", deliveries.delivery_again, name="delivery_again"),
]

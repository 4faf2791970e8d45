from django.urls import path

from ringdesk.web import client_history, guide, landing, phone_book, screen_pop, search

app_name = "web"
urlpatterns = [
    path("", landing.home, name="home"),
    path("popups/", screen_pop.waiting_popups, name="popups"),
    path("popups/dismiss/", screen_pop.popups_dismiss_all, name="popups_dismiss_all"),
    path("popups/<int:pk>/dismiss/", screen_pop.popup_dismiss, name="popup_dismiss"),
    path("phonebook/", phone_book.phonebook, name="phonebook"),
    path("phonebook/pick/", phone_book.phonebook_pick, name="phonebook_pick"),
    path("search/", search.search, name="search"),
    path("clients/<int:pk>/history/", client_history.client_history, name="client_history"),
    path("help/", guide.help_page, name="help"),
    path("help/<slug:topic>/", guide.help_page, name="help_topic"),
]

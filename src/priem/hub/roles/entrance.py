"""The pages on the way in: the second factor, and the password of whoever was invited."""

from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from priem.hub.pages import page
from priem.hub.roles import second_factor
from priem.hub.roles.guards import logged_in


@never_cache
@logged_in
def second_step(request: HttpRequest) -> HttpResponse:
    if not second_factor.has_one(request.user):  # type: ignore[arg-type]  # logged in
        return redirect("admin:index")
    wrong = request.method == "POST" and not second_factor.show(request, request.POST.get("code", ""))
    if request.method == "POST" and not wrong:
        return redirect(where_to(request))
    said = {"next": where_to(request), "wrong": wrong}
    return page(request, "hub/second_factor.html", gettext("Second step"), said)


@never_cache
@logged_in
def set_up_second_step(request: HttpRequest) -> HttpResponse:
    """Whoever has one already shows it first: the middleware does not ask here."""
    person = request.user
    assert person.is_authenticated  # noqa: S101 - `logged_in` says so
    if second_factor.has_one(person) and not second_factor.is_shown(request):
        return redirect("second_factor")
    app = second_factor.new_app(person)
    codes, wrong = [], False
    if request.method == "POST":
        codes = second_factor.confirm(request, app, request.POST.get("code", "").replace(" ", ""))
        wrong = not codes
    said = {
        "codes": codes,
        "wrong": wrong,
        "next": where_to(request),
        "key": " ".join(pieces(app.secret.reveal())),
        "picture": second_factor.picture(app),
        "is_required": second_factor.must_have_one(request),
    }
    return page(request, "hub/second_factor_set_up.html", gettext("Second step at login"), said)


def pieces(key: str) -> list[str]:
    return [key[start : start + 4] for start in range(0, len(key), 4)]


def where_to(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")


class SetPassword(PasswordResetConfirmView):
    """Behind the link of an invitation. Works once: a new password makes the link worthless."""

    template_name = "hub/set_password.html"
    title = _("Choose a password")
    success_url = reverse_lazy("admin:login")

    def get_context_data(self, **context: object) -> dict[str, object]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**context)}

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        answer = super().form_valid(form)
        messages.success(self.request, gettext("The password is kept. Log in with it."))
        return answer


urlpatterns = [
    path("second-step/", second_step, name="second_factor"),
    path("second-step/set-up/", set_up_second_step, name="second_factor_set_up"),
    path("password/<uidb64>/<token>/", SetPassword.as_view(), name="set_password"),
]

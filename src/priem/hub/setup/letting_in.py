"""Step one: the clinic's name, and its amoCRM, by a long-lived token or by the button."""

import os
import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from priem.amocrm.config import ACCOUNT_HOST, LOOPBACK
from priem.hub.amocrm.address import PUBLIC_URL
from priem.hub.audit.notes import note
from priem.hub.clinics import ClinicData
from priem.hub.environment import flag
from priem.hub.models import Clinic
from priem.hub.models.audit import Deed
from priem.hub.tokens import DjangoTokens
from priem.ports import Tokens

LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "-").split(),
        strict=True,
    )
)
LONGEST_SLUG = 30
KEPT = _("Stored. Leave it empty to keep it.")


class NewClinicForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        label=_("What the clinic is called"),
        help_text=_("As people call it. You can change it later."),
        widget=forms.TextInput(attrs={"placeholder": "Улыбка", "autofocus": True}),
    )

    def made(self) -> Clinic:
        name = self.cleaned_data["name"].strip()
        return Clinic.objects.create(slug=free_slug(name), name=name)


class AmoCrmForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        label=_("What the clinic is called"),
        help_text=_("As people call it. You can change it later."),
    )
    base_url = forms.CharField(
        label=_("Address of your amoCRM"),
        help_text=_("As the browser shows it."),
        widget=forms.TextInput(attrs={"placeholder": "https://ulybka.amocrm.ru", "inputmode": "url"}),
    )
    token = forms.CharField(
        required=False,
        label=_("Long-lived token"),
        help_text=_("In amoCRM: «amoМаркет», your integration, «Ключи и доступы», «Сгенерировать долгосрочный токен»."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    client_id = forms.CharField(
        required=False,
        max_length=100,
        label=_("ID of the integration"),
        help_text=_("«Ключи и доступы» of your integration shows it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    client_secret = forms.CharField(
        required=False,
        label=_("Secret key"),
        help_text=_("It stands beside the ID."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    redirect_uri = forms.CharField(
        required=False,
        label=_("Redirect address"),
        help_text=_("Put this address into the integration, to the letter."),
    )

    def __init__(self, clinic: Clinic, request: HttpRequest, data: Any = None) -> None:  # noqa: ANN401 - Django's
        super().__init__(data)
        self.clinic = clinic
        known = ("name", "base_url", "client_id", "redirect_uri")
        self.initial = {name: getattr(clinic, name) for name in known}
        self.initial["redirect_uri"] = clinic.redirect_uri or callback(request)
        if clinic.client_secret:
            self.fields["client_secret"].help_text = KEPT
        self.has_token = has_token(clinic)
        if self.has_token:
            self.fields["token"].help_text = KEPT

    def clean_base_url(self) -> str:
        written = self.cleaned_data["base_url"].strip()
        url = full_address(written)
        parts = urlsplit(url)
        if not (ACCOUNT_HOST.match(parts.netloc) or is_sandbox(url)):
            raise forms.ValidationError(_("This is not the address of an amoCRM account: https://name.amocrm.ru"))
        return url

    def clean_token(self) -> str:
        token = "".join(self.cleaned_data["token"].split())
        if token and token.count(".") != 2:
            raise forms.ValidationError(_("A token has three parts with two dots: copy the whole of it."))
        return token

    def tried(self, base_url: str) -> ClinicData:
        """The clinic with this address; not kept."""
        clinic = self.clinic
        return ClinicData(
            id=clinic.pk, slug=clinic.slug, name=clinic.name, base_url=base_url, sandbox=is_sandbox(base_url)
        )

    def save(self) -> None:
        """Of a valid form. A token is stored for good before it is used."""
        typed = self.cleaned_data
        clinic = self.clinic
        for name in ("name", "base_url", "client_id", "redirect_uri"):
            setattr(clinic, name, typed[name])
        clinic.sandbox = is_sandbox(typed["base_url"])
        if typed["client_secret"]:
            clinic.client_secret = typed["client_secret"]
        clinic.save()
        if typed["token"]:
            tokens = DjangoTokens(clinic.pk)
            with tokens.renewing():
                tokens.save(Tokens(access=typed["token"]))
                note(clinic.pk, Deed.ACCESS, urlsplit(clinic.base_url).netloc)

    @property
    def can_ask(self) -> bool:
        """There is an integration: the button leads to amoCRM."""
        clinic = self.clinic
        return bool(clinic.base_url and clinic.client_id and clinic.client_secret and clinic.redirect_uri)


def has_token(clinic: Clinic) -> bool:
    access = getattr(clinic, "authorisation", None)
    return bool(access and access.access and not access.authorise_again)


def full_address(written: str) -> str:
    """`ulybka`, `ulybka.amocrm.ru/leads` and the whole address mean the same account."""
    if "://" not in written:
        written = f"https://{written}"
    parts = urlsplit(written)
    host = parts.netloc.lower()
    if host and "." not in host and parts.scheme == "https":
        host = f"{host}.amocrm.ru"
    return f"{parts.scheme}://{host}"


def is_sandbox(url: str) -> bool:
    """A server on this very machine that plays amoCRM."""
    return urlsplit(url).hostname in LOOPBACK and not flag("PRIEM_PRODUCTION")


def callback(request: HttpRequest) -> str:
    home = os.environ.get(PUBLIC_URL, "").rstrip("/")
    path = reverse("amocrm_callback")
    return f"{home}{path}" if home else request.build_absolute_uri(path)


def free_slug(name: str) -> str:
    """Short and Latin, for addresses and commands: «Улыбка» is `ulybka`."""
    latin = "".join(LETTERS.get(letter, letter) for letter in name.casefold())
    slug = re.sub(r"[^a-z0-9]+", "-", latin).strip("-")[:LONGEST_SLUG].strip("-") or "clinic"
    taken = set(Clinic.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    numbered = (slug if number == 1 else f"{slug}-{number}" for number in range(1, len(taken) + 2))
    return next(one for one in numbered if one not in taken)

"""What Priem looks for: the tables and columns of the built-in profile, and how each may be told from all others.

Words are those that programmers use for it, in English and in Russian written in Latin letters. They are evidence, not
proof: what samples and keys say counts as much.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

WHOLE, TEXT, MOMENT = ("whole",), ("text",), ("moment",)
ANY_DAY = ("day", "moment", "text")
FIGURE = ("figure", "whole")
FLAG = ("flag", "whole")


@dataclass(frozen=True, slots=True)
class Wanted:
    table: str
    column: str
    kinds: tuple[str, ...]
    words: str = ""
    """A pattern for the words of a name, in small letters with spaces between."""
    shape: str = ""
    """A name in samples.SHAPES, or `planned` or `birthday`."""
    refers: str = ""
    """The table whose key it holds."""
    is_key: bool = False
    is_needed: bool = True
    """Whether reading cannot do without."""

    @property
    def name(self) -> tuple[str, str]:
        return self.table, self.column


TABLES: Mapping[str, str] = {
    "Persons": r"persons?\b|people|\blic[aoe]?\b|humans?\b|fiz",
    "Patients": r"patients?\b|pacient|clients?\b|klient|kart[aiy]|\bcards?\b",
    "Receptions": r"recepti|appointments?\b|visits?\b|zapis|priem|bookings?\b|talon",
    "Orders": r"^orders?$|^invoices?$|^nary?ad[yi]?$|^bills?$|^scheta?$|^zakaz[yi]?$",
    "OrderServiceRelation": r"(order|invoice|nary?ad|bill|schet|zakaz)\w* ?(service|line|item|strok|uslug|posi|sost)",
    "OrderPaymentsJournal": r"(order|invoice|nary?ad|bill|schet|zakaz)\w* ?(payment|balance|oplat|debt|dolg)",
    "PaymentsIn": r"^payments?( in)?$|^oplat[aiy]$|^plat[ie]zh\w*$",
    "ServiceItemPrices": r"prices?\b|\bcen[ay]\b|prais|tarif",
    "ServiceItems": r"^services?( items)?$|^uslug[aiy]$|^procedur|^treatments?$|nomenkl",
    "CurrentTimeTable": r"time ?table|calendar|setka|schedule|raspis|\bgrid\b|\bcells?\b|yacheyk",
    "Times": r"^times?$|\bslots?\b|^vrem|interval",
    "OwnCompanies": r"compan|\bfirm[ay]?\b|clinics?\b|klinik|filial|branch|organi[sz]|depart",
    "Armchairs": r"chair|rooms?\b|kresl|kabinet|cabinet|\boffice",
    "Staffs": r"^staffs?$|^employees?$|^sotrudnik|^doctors?$|^vrach|^personal$|^workers?$|^dentists?$",
    "Items": r"(staff|employee|sotr|doctor|vrach)\w* ?(prof|spec|dolzh|posit)|^items$",
    "ProfessionNames": r"^prof|^spec|^dolzhn|^positions?$",
    "ReceptionCancelReasons": r"cancel\w* ?reason|reason\w* ?(of|for)? ?cancel|prichin\w* ?otmen|otmen\w* ?prichin",
    "InfoSources": r"info source|^istochnik|reklam|\bad\b|advert|heard|^sources?$",
    "TreatmentPlans": r"treatment ?plans?$|plan\w* ?lech\w*$",
    "TreatmentPlanElementRelations": r"treatment ?plan ?(elem|line|item|service)|plan\w* ?lech\w* ?(strok|uslug|pos)",
    "OnlineTickets": r"^online ?tickets?$|(web|online|site) ?(request|ticket|lead|appl)|zayav",
    "ScheduledReceptions": r"^scheduled|\bjobs?$|\btasks?$|^recalls?$|^zadach|^zadani",
    "CRMJobTypes": r"(job|task) ?(type|kind)s?$|(vid|tip)\w* ?zada|zadach?\w* ?(vid|tip)",
    "ServiceItemContents": r"(service|uslug|procedur|catalog|katalog)\w* ?(item content|content|entr|sostav|place)",
    "ServiceFolders": r"(service|uslug|procedur|catalog|katalog)\w* ?(folder|papk|razdel)|papk\w* ?uslug",
    "ServiceCategories": r"(service|uslug|procedur|catalog|katalog)\w* ?(categor|kategor)|kategor\w* ?uslug",
}
CHANGED = r"chang|updat|modif|izmen|pravk"
ADDED = r"added|creat|insert|sozdan|dobavl"
TITLE = r"name|title|naimen|nazv|caption"
NOTE = r"^comment|^remark|^note|primech|komment"
CLOSED_BY_VISIT = r"(clos|done|zakr)\w* .*(recepti|appoint|visit|zapis|priem)|(recepti|appoint|visit) .*(clos|done)"


def optional(
    table: str, column: str, kinds: tuple[str, ...], words: str = "", shape: str = "", refers: str = ""
) -> Wanted:
    return Wanted(table, column, kinds, words, shape, refers, is_needed=False)


def key(table: str, column: str = "ID", refers: str = "") -> Wanted:
    return Wanted(table, column, WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", "", refers, is_key=True)


def dictionary(table: str, column: str = "Name") -> tuple[Wanted, ...]:
    return key(table), Wanted(table, column, TEXT, TITLE)


COLUMNS: tuple[Wanted, ...] = (
    key("Persons"),
    Wanted("Persons", "Surname", TEXT, r"sur ?name|last ?name|famil|\bfam\b", "surname"),
    Wanted("Persons", "Name", TEXT, r"^name$|first ?name|given|^imya|\bim\b", "given"),
    Wanted("Persons", "Patronymic", TEXT, r"patronym|middle|otch", "patronymic"),
    Wanted("Persons", "Birthday", ANY_DAY, r"birth|born|rozhd|\bdr\b|\bdob\b", "birthday"),
    Wanted("Persons", "MobilePhone", TEXT, r"mobil|\bcell|sotov|\btel ?1|\bphone ?1|^phone$", "mobile"),
    Wanted("Persons", "Phone", TEXT, r"^phone$|home|domash|\btel ?2|\bphone ?2|land ?line|\btel\b", "phone"),
    optional("Persons", "Email", TEXT, r"mail|pocht", "email"),
    optional("Persons", "DateTimeAdded", MOMENT, ADDED),
    optional("Persons", "DateTimeChanged", MOMENT, CHANGED),
    key("Patients", "ID_Persons", "Persons"),
    optional("Patients", "FirstVisit", ("day", "moment"), r"first ?(visit|seen|date)|perv\w* ?(priem|vizit)"),
    optional("Patients", "ParentSNP", TEXT, r"parent|guardian|predstav|rodit|opekun", "full_name"),
    optional("Patients", "CardNumber", TEXT, r"card|chart|kart", "number"),
    optional("Patients", "ID_InfoSources", WHOLE, r"info source|istoch|heard|advert|source", refers="InfoSources"),
    optional("Patients", "ID_ArchivingReasons", WHOLE, r"archiv|arhiv"),
    Wanted("Patients", "DateTimeChanged", MOMENT, CHANGED),
    key("Receptions"),
    Wanted("Receptions", "ID_Patients", WHOLE, r"patient|pacient|client|klient", refers="Patients"),
    Wanted("Receptions", "ID_Staffs", WHOLE, r"^id staffs$|doctor|vrach|dentist|sotrudnik|employee", refers="Staffs"),
    Wanted("Receptions", "ID_Armchairs", WHOLE, r"chair|room|kresl|kabinet", refers="Armchairs"),
    Wanted("Receptions", "PlanStart", MOMENT, r"plan start|start|begin|nachalo", "planned"),
    Wanted("Receptions", "PlanEnd", MOMENT, r"plan end|\bends?\b|finish|okonch|konec", "planned"),
    optional("Receptions", "Comment", TEXT, NOTE),
    optional("Receptions", "IsNotified", FLAG, r"^is notif|^notif|^remind|^uvedoml\w*$|opovesh|confirm|podtv"),
    Wanted("Receptions", "PatientAppeared", MOMENT, r"appear|arriv|prish|yavil|came"),
    Wanted("Receptions", "ReceptionStarted", MOMENT, r"reception start|seated|began|actual start|nachat"),
    Wanted("Receptions", "ReceptionEnded", MOMENT, r"reception end|\bleft|actual end|zaversh|ended"),
    Wanted("Receptions", "CheckIssued", MOMENT, r"check|receipt|\bchek|billed"),
    Wanted("Receptions", "ReceptionCanceled", MOMENT, r"cancel|otmen"),
    Wanted("Receptions", "ID_ReceptionCancelReasons", WHOLE, r"reason|prichin", refers="ReceptionCancelReasons"),
    optional("Receptions", "ID_ReceptionsTransferFrom", WHOLE, r"transfer|moved|peren", refers="Receptions"),
    optional("Receptions", "ReceptionAdded", MOMENT, r"reception added|booked|zapisan"),
    Wanted("Receptions", "DateTimeAdded", MOMENT, r"^date time added|creat|sozdan|^added"),
    Wanted("Receptions", "DateTimeChanged", MOMENT, CHANGED),
    optional("Receptions", "ExternalUID", TEXT, r"external ?uid|vnesh\w* ?(id|kod)"),
    optional("Receptions", "RowVersion", ("version",)),
    key("Orders"),
    Wanted("Orders", "ID_Receptions", WHOLE, r"recepti|appointment|visit|zapis|priem", refers="Receptions"),
    Wanted("Orders", "ID_OwnCompanies", WHOLE, r"compan|firm|clinic|klinik|filial|branch", refers="OwnCompanies"),
    optional("Orders", "ID_Patients", WHOLE, r"patient|pacient|client|klient", refers="Patients"),
    Wanted("Orders", "DateTimeAdded", MOMENT, ADDED),
    Wanted("Orders", "DateTimeChanged", MOMENT, CHANGED),
    key("OrderServiceRelation"),
    Wanted("OrderServiceRelation", "ID_Orders", WHOLE, r"order|invoice|nary?ad|bill|zakaz", refers="Orders"),
    Wanted("OrderServiceRelation", "ID_ServicePrices", WHOLE, r"price|\bcen", refers="ServiceItemPrices"),
    Wanted("OrderServiceRelation", "CountService", FIGURE, r"\bcount|qty|quant|\bkol"),
    Wanted("OrderServiceRelation", "DiscountSum", FIGURE, r"discount|skidk"),
    optional("OrderServiceRelation", "DateTimeAdded", MOMENT, ADDED),
    optional("OrderServiceRelation", "DateTimeChanged", MOMENT, CHANGED),
    Wanted("OrderPaymentsJournal", "ID_Orders", WHOLE, r"order|invoice|nary?ad|bill|zakaz", refers="Orders",
           is_key=True, is_needed=False),
    optional("OrderPaymentsJournal", "IsBillFormed", FLAG, r"formed|est schet"),
    optional("OrderPaymentsJournal", "Debt", FIGURE, r"debt|owed|dolg"),
    Wanted("PaymentsIn", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional("PaymentsIn", "ID_Patients", WHOLE, r"patient|pacient|client|klient", refers="Patients"),
    optional("PaymentsIn", "DateTimeAdded", MOMENT, ADDED),
    optional("PaymentsIn", "DateTimeChanged", MOMENT, CHANGED),
    key("ServiceItemPrices"),
    Wanted("ServiceItemPrices", "ID_ServiceItems", WHOLE, r"service|uslug|procedur", refers="ServiceItems"),
    Wanted("ServiceItemPrices", "Price", ("figure",), r"price|amount|cena|stoim|summa"),
    *dictionary("ServiceItems"),
    optional("ServiceItemContents", "ID_ServiceItems", WHOLE, r"service|uslug|procedur", refers="ServiceItems"),
    optional("ServiceItemContents", "ID_ServiceFoldersParent", WHOLE, r"folder|papk|razdel", refers="ServiceFolders"),
    optional("ServiceItemContents", "DateTimeTo", MOMENT, r"date time to|valid to|until|till|\bdo$|okonch|deystv po"),
    Wanted("ServiceFolders", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional("ServiceFolders", "ID_ServiceCategories", WHOLE, r"categor|kategor", refers="ServiceCategories"),
    Wanted("ServiceCategories", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional("ServiceCategories", "Name", TEXT, TITLE),
    Wanted("CurrentTimeTable", "ID_Receptions", WHOLE, r"recepti|appointment|visit|zapis|priem", refers="Receptions"),
    Wanted("CurrentTimeTable", "DateOfWork", ("day", "moment"), r"date|day|den|data"),
    Wanted("CurrentTimeTable", "ID_Times", WHOLE, r"time|slot|vrem", refers="Times"),
    Wanted("CurrentTimeTable", "ID_Staffs", WHOLE, r"staff|doctor|vrach|dentist|sotr|employee", refers="Staffs"),
    Wanted("CurrentTimeTable", "ID_Armchairs", WHOLE, r"chair|room|kresl|kabinet", refers="Armchairs"),
    Wanted("CurrentTimeTable", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional("CurrentTimeTable", "ID_TimeReserves", WHOLE, r"reserv|rezerv"),
    optional("CurrentTimeTable", "IsWorkingTime", FLAG, r"working|\bopen|raboch"),
    key("Times"),
    Wanted("Times", "TimeStartValue", ("clock",), r"start|from|begin|\bs$|nach"),
    Wanted("Times", "TimeEndValue", ("clock",), r"end|\bto\b|\bpo$|till|okon"),
    *dictionary("OwnCompanies"),
    optional("OwnCompanies", "BranchName", TEXT, r"branch|filial|short"),
    *dictionary("Armchairs", "NameArmchair"),
    Wanted("Armchairs", "ID_OwnCompanies", WHOLE, r"compan|firm|clinic|klinik|filial|branch", refers="OwnCompanies"),
    key("Staffs", "ID_Persons", "Persons"),
    Wanted("Items", "ID_Staffs", WHOLE, r"staff|employee|doctor|vrach|sotr", refers="Staffs"),
    Wanted("Items", "ID_ProfessionNames", WHOLE, r"prof|spec|dolzh", refers="ProfessionNames"),
    *dictionary("ProfessionNames", "NameProfession"),
    *dictionary("ReceptionCancelReasons"),
    *dictionary("InfoSources"),
    Wanted("TreatmentPlans", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional("TreatmentPlans", "ID_Patients", WHOLE, r"patient|pacient|client|klient", refers="Patients"),
    optional("TreatmentPlans", "Name", TEXT, TITLE),
    optional("TreatmentPlans", "ActualTo", MOMENT, r"actual to|valid to|until|till|\bdo$|okonch|deystv po"),
    optional("TreatmentPlans", "IsActive", FLAG, r"active|aktiv|deystv"),
    optional("TreatmentPlans", "DateTimeCreated", MOMENT, r"date time created|made|drawn|^date$|^data$|sostav"),
    optional("TreatmentPlans", "DateTimeAdded", MOMENT, ADDED),
    optional("TreatmentPlans", "DateTimeChanged", MOMENT, CHANGED),
    Wanted("TreatmentPlanElementRelations", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional(
        "TreatmentPlanElementRelations", "ID_TreatmentPlans", WHOLE, r"treatment ?plan|\bplan", refers="TreatmentPlans"
    ),
    optional(
        "TreatmentPlanElementRelations", "ID_ServicePrices", WHOLE, r"price|\bcen", refers="ServiceItemPrices"
    ),
    optional("TreatmentPlanElementRelations", "DiscountSum", FIGURE, r"discount|skidk"),
    optional("TreatmentPlanElementRelations", "TeethLong", WHOLE, r"teeth|tooth|zub"),
    optional("TreatmentPlanElementRelations", "DateTimeAdded", MOMENT, ADDED),
    optional("TreatmentPlanElementRelations", "DateTimeChanged", MOMENT, CHANGED),
    optional(
        "OrderServiceRelation",
        "ID_TreatmentPlanElementRelations",
        WHOLE,
        r"treatment ?plan ?elem|plan\w* ?(line|item|strok)",
        refers="TreatmentPlanElementRelations",
    ),
    Wanted("OnlineTickets", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional("OnlineTickets", "SourceProviderUid", TEXT, r"\buid\b|provider|external ?(id|uid|key)|vnesh"),
    optional("OnlineTickets", "DateTimeCreated", MOMENT, r"creat|made|^data$|sozdan"),
    optional("OnlineTickets", "DateTimeInserted", MOMENT, r"insert|receiv|taken|poluch|prinyat|zagruzh"),
    optional("OnlineTickets", "IsTrash", FLAG, r"trash|spam|junk|discard|reject|musor|otklon"),
    Wanted("ScheduledReceptions", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional("ScheduledReceptions", "ID_Patients", WHOLE, r"patient|pacient|client|klient", refers="Patients"),
    optional("ScheduledReceptions", "ID_CRMJobTypes", WHOLE, r"type|kind|\bvid|\btip|zadach", refers="CRMJobTypes"),
    optional("ScheduledReceptions", "Comment", TEXT, NOTE),
    optional("ScheduledReceptions", "ID_ReceptionsClose", WHOLE, CLOSED_BY_VISIT, refers="Receptions"),
    optional("ScheduledReceptions", "ID_DelayAppointmentsClose", WHOLE, r"delay|postpon|otlozh|otsroch"),
    optional("ScheduledReceptions", "ID_ReceptionCancelReasons", WHOLE, r"reason|refus|prichin|otkaz",
             refers="ReceptionCancelReasons"),
    optional("ScheduledReceptions", "ID_CrmJobCommunicationCommentsClose", WHOLE, r"communic|talk|contact|razgov"),
    optional("ScheduledReceptions", "DateTimeAdded", MOMENT, ADDED),
    Wanted("CRMJobTypes", "ID", WHOLE, r"^id$|^kod$|\bid$|^kod|^id\b", is_key=True, is_needed=False),
    optional("CRMJobTypes", "Name", TEXT, TITLE),
)  # fmt: skip
BOUNDARY = re.compile(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])|(?<=[A-Z])(?=[A-Z][a-z])|[_\W]+|(?<=[a-zа-я])(?=\d)")


def words_of(name: str) -> str:
    """`ID_OwnCompanies` → `id own companies`, `DataRozhd` → `data rozhd`."""
    return " ".join(BOUNDARY.sub(" ", name).lower().split())

"""What the hub remembers, one file per noun. Every table but Clinic itself belongs to one clinic."""

from priem.hub.models.agents import Agent, AgentCode, AgentFeed, AgentParcel, AgentQuestion
from priem.hub.models.audit import AuditEntry, Revision
from priem.hub.models.bookings import ArmedStage, BookingIntent, LeadMove, OrderState, StageOrder
from priem.hub.models.clinic import Authorisation, Clinic
from priem.hub.models.connection import Connection
from priem.hub.models.desk import Question, RecalledRecord, Saying
from priem.hub.models.exchanges import ExchangeBody, ExchangeRecord, ExchangeSubject
from priem.hub.models.hooks import Hearing, ReceivedHook
from priem.hub.models.ident import (
    CopiedJob,
    IdentCall,
    IdentService,
    IdentTicket,
    ListedDay,
    Serialization,
    Timetable,
    TimetableDay,
)
from priem.hub.models.journal import RejectedRow, StepRecord, UnmappedStatus
from priem.hub.models.links import PatientLink, VisitLink
from priem.hub.models.mirror import (
    Merge,
    MirroredContact,
    MirroredContactKey,
    MirroredContactPhone,
    MirroredLead,
    MirroredLeadContact,
    MirroredLeadKey,
    MirrorState,
)
from priem.hub.models.people import AmoCrmPerson, Membership, UsedToken
from priem.hub.models.second_factor import AuthenticatorApp, SpareCodes
from priem.hub.models.seen import SeenVisit
from priem.hub.models.setting_up import (
    AccountCopy,
    AccountPicture,
    PlannedStep,
    SetUpState,
    SourcePicture,
    Work,
    WorkKind,
    WorkState,
)
from priem.hub.models.shifts import AccountPace, Shift
from priem.hub.models.watch import BranchName, Delay, Incident, IncidentKind, PatientSource, Pulse, VisitFact
from priem.hub.models.wishes import WishedTask

__all__ = [
    "AccountCopy",
    "AccountPace",
    "AccountPicture",
    "Agent",
    "AgentCode",
    "AgentFeed",
    "AgentParcel",
    "AgentQuestion",
    "AmoCrmPerson",
    "ArmedStage",
    "AuditEntry",
    "AuthenticatorApp",
    "Authorisation",
    "BookingIntent",
    "BranchName",
    "Clinic",
    "Connection",
    "CopiedJob",
    "Delay",
    "ExchangeBody",
    "ExchangeRecord",
    "ExchangeSubject",
    "Hearing",
    "IdentCall",
    "IdentService",
    "IdentTicket",
    "Incident",
    "IncidentKind",
    "LeadMove",
    "ListedDay",
    "Membership",
    "Merge",
    "MirrorState",
    "MirroredContact",
    "MirroredContactKey",
    "MirroredContactPhone",
    "MirroredLead",
    "MirroredLeadContact",
    "MirroredLeadKey",
    "OrderState",
    "PatientLink",
    "PatientSource",
    "PlannedStep",
    "Pulse",
    "Question",
    "RecalledRecord",
    "ReceivedHook",
    "RejectedRow",
    "Revision",
    "Saying",
    "SeenVisit",
    "Serialization",
    "SetUpState",
    "Shift",
    "SourcePicture",
    "SpareCodes",
    "StageOrder",
    "StepRecord",
    "Timetable",
    "TimetableDay",
    "UnmappedStatus",
    "UsedToken",
    "VisitFact",
    "VisitLink",
    "WishedTask",
    "Work",
    "WorkKind",
    "WorkState",
]

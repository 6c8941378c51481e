"""Every word that says why a decision came out as it did, and the sentence for it. Pure.

`Why.rule`, `Why.stage_rule` and `Candidate.because` hold these words; the journal keeps them, people read `say`.
docs/reference/decisions.md tells what each means.
"""

from collections.abc import Mapping
from enum import StrEnum

from priem.texts import Text, text


class Reason(StrEnum):
    # Which contact or lead it is, and what spoke for or against each that was looked at
    LINK = "link"
    PERSON = "person"
    KEY = "key"
    NAME_AND_BIRTHDAY = "phone:name_and_birthday"
    NAME = "phone:name"
    PART_OF_NAME = "phone:part_of_name"
    NAMELESS = "phone:nameless"
    OTHER_NAME = "phone:other_name"
    APPLICATION = "application"
    WAITING = "waiting"
    NOT_WAITING = "not_waiting"
    MOVED = "moved"
    PUT_BACK = "put_back"
    CLAIMED = "claimed"
    NOBODY = "nobody"
    ASK = "ask"
    SOMEBODY_ELSE = "somebody_else"
    ANOTHER_VISIT = "another_visit"
    PERSON_SAID_NEW = "person_said_new"
    # Why nothing is done
    UNCHANGED = "unchanged"
    LATER = "later"
    NOT_TAKEN = "not_taken"
    UNTOUCHED = "untouched"
    KEY_ALONE = "key_alone"
    GONE = "gone"
    MOVED_ON = "moved_on"
    HISTORY = "history"
    DELETED = "deleted"
    NO_CONTACT = "no_contact"
    WAITS_FOR_ANSWER = "waits_for_answer"
    APART = "apart"
    NO_LEADS_WANTED = "no_leads_wanted"
    # Where a lead stands
    RULE = "rule"
    BRANCH_RULE = "branch_rule"
    FIRST_STAGE = "first_stage"
    GUARDED = "guarded"
    NO_RULE = "no_rule"
    AHEAD = "ahead"


SENTENCES: Mapping[str, Text] = {
    Reason.LINK: text("Priem has linked them before."),
    Reason.PERSON: text("A person has linked them."),
    Reason.KEY: text("It carries the record's key."),
    Reason.NAME_AND_BIRTHDAY: text("Phone, name and birthday are the same."),
    Reason.NAME: text("Phone and name are the same."),
    Reason.PART_OF_NAME: text("The phone is the same, and a part of the name."),
    Reason.NAMELESS: text("The phone is the same; the contact has no name."),
    Reason.OTHER_NAME: text("The phone is the same, the name is another; nobody fits better."),
    Reason.APPLICATION: text("It went to the МИС as an application, and the visit was made from it."),
    Reason.WAITING: text("A request that was waiting for a visit."),
    Reason.NOT_WAITING: text("In a stage where no requests wait."),
    Reason.MOVED: text("The lead of the visit that this one was moved from."),
    Reason.PUT_BACK: text(
        "Somebody has changed it in amoCRM, while the МИС and the settings say the same as before: it is put back."
    ),
    Reason.CLAIMED: text("It belongs to another record."),
    Reason.NOBODY: text("Nothing in amoCRM fits."),
    Reason.ASK: text("Several fit equally well: a person is asked."),
    Reason.SOMEBODY_ELSE: text(
        "Name, phone and birthday are all other ones than before: another person may have got the number."
    ),
    Reason.ANOTHER_VISIT: text(
        "Patient and time are other ones than before, and it was booked later: another visit may have got the number."
    ),
    Reason.PERSON_SAID_NEW: text("A person has said that it is none of those that are there."),
    Reason.UNCHANGED: text("Nothing has changed since it was decided last."),
    Reason.LATER: text("It is decided once the rest of this reading is known."),
    Reason.NOT_TAKEN: text("The settings do not take this patient, or this branch."),
    Reason.UNTOUCHED: text("The settings say that nothing is written to leads in this stage."),
    Reason.KEY_ALONE: text("It carries the record's key, and nothing else agrees: a person has to look."),
    Reason.GONE: text("It was deleted in amoCRM, and is not made again."),
    Reason.MOVED_ON: text("The visit was moved; its lead belongs to the new one."),
    Reason.HISTORY: text("The visit is older than the connection to the clinic: it gets no lead."),
    Reason.DELETED: text("The visit was deleted before it had a lead."),
    Reason.NO_CONTACT: text("The patient has no contact in amoCRM."),
    Reason.WAITS_FOR_ANSWER: text("It waits until a person has said which contact the patient is."),
    Reason.APART: text("A person has undone the link: it is left alone until a person links it."),
    Reason.NO_LEADS_WANTED: text("The settings say that no leads are made."),
    Reason.RULE: text("Rule {number} of the stages.", number="?"),
    Reason.BRANCH_RULE: text("Rule {number} of the branch's own stages.", number="?"),
    Reason.FIRST_STAGE: text("No rule fits: it begins in the first stage."),
    Reason.GUARDED: text("The settings guard this stage: it stays."),
    Reason.NO_RULE: text("No rule fits: the stage stays."),
    Reason.AHEAD: text("Somebody has taken the lead further already: the stage stays."),
}


def say(word: str) -> Text:
    """The sentence for a word. A word of another version of Priem is said as it is."""
    if word in SENTENCES:
        return SENTENCES[word]
    kind, _, number = word.partition(":")
    if kind in (Reason.RULE, Reason.BRANCH_RULE) and number:
        return Text(SENTENCES[kind].template, {"number": number})
    return Text("{word}", {"word": word})

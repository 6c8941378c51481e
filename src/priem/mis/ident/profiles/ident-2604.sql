-- IDENT as of release 2604. The vendor does not document its tables; names are those of docs/reference/ident.md §2.3.
--
-- One SELECT per entity, T-SQL of SQL Server 2012. Priem wraps each into pages of its own, so a statement has no ORDER
-- BY and no TOP. Every column is written as alias.Column: that is how Priem learns what to look for in the database.
-- The names after AS are fixed; everything before them may be changed in a copy of this file.
--
--   -- optional: alias.Column type    a column that is read as NULL where it is missing
--   -- optional: everything           the statement is left out where something of it is missing
--
-- No join here multiplies rows: each goes to a primary key. What would multiply (orders, professions, calendar cells)
-- is a statement of its own, and Priem puts it together.

-- name: patients
-- A patient's card and the person it belongs to; the patient's id is the person's id.
-- optional: person.Email nvarchar(255), person.DateTimeAdded datetime, person.DateTimeChanged datetime
-- optional: card.ParentSNP nvarchar(300), card.CardNumber nvarchar(64), card.ID_InfoSources int
-- optional: card.FirstVisit date, card.ID_ArchivingReasons int
SELECT card.ID_Persons AS ID,
       person.ID AS Person,
       person.Surname AS Surname,
       person.Name AS Name,
       person.Patronymic AS Patronymic,
       person.Birthday AS Birthday,
       person.MobilePhone AS MobilePhone,
       person.Phone AS Phone,
       person.Email AS Email,
       card.CardNumber AS CardNumber,
       card.ParentSNP AS Parent,
       card.ID_InfoSources AS InfoSource,
       card.FirstVisit AS FirstVisit,
       card.ID_ArchivingReasons AS ArchivingReason,
       card.DateTimeChanged AS Changed,
       person.DateTimeChanged AS PersonChanged,
       person.DateTimeAdded AS PersonAdded
FROM dbo.Patients AS card
LEFT JOIN dbo.Persons AS person ON person.ID = card.ID_Persons

-- name: visits
-- An appointment, which becomes a visit in the same row; its status is derived from what is filled in.
-- optional: reception.RowVersion binary(8), reception.IsNotified bit, reception.ID_ReceptionsTransferFrom int
-- optional: reception.Comment nvarchar(max), reception.ReceptionAdded datetime, card.FirstVisit date
-- optional: reception.ExternalUID nvarchar(400)
SELECT reception.ID AS ID,
       reception.ID_Patients AS Patient,
       reception.ID_Staffs AS Doctor,
       reception.ID_Armchairs AS Chair,
       reception.PlanStart AS PlanStart,
       reception.PlanEnd AS PlanEnd,
       reception.Comment AS Comment,
       reception.IsNotified AS Notified,
       reception.PatientAppeared AS Appeared,
       reception.ReceptionStarted AS Started,
       reception.ReceptionEnded AS Ended,
       reception.CheckIssued AS CheckIssued,
       reception.ReceptionCanceled AS Cancelled,
       reception.ID_ReceptionCancelReasons AS CancelReason,
       reception.ID_ReceptionsTransferFrom AS MovedFrom,
       reception.ReceptionAdded AS Booked,
       reception.DateTimeAdded AS Added,
       reception.DateTimeChanged AS Changed,
       reception.RowVersion AS RowVersion,
       reception.ExternalUID AS ExternalUID,
       card.FirstVisit AS FirstVisit
FROM dbo.Receptions AS reception
LEFT JOIN dbo.Patients AS card ON card.ID_Persons = reception.ID_Patients

-- name: orders
-- Orders (наряды) that belong to a visit; a visit may have several.
SELECT bill.ID AS ID,
       bill.ID_Receptions AS Visit,
       bill.ID_OwnCompanies AS Branch,
       bill.DateTimeAdded AS Added,
       bill.DateTimeChanged AS Changed
FROM dbo.Orders AS bill
WHERE bill.ID_Receptions IS NOT NULL

-- name: services
-- Lines of such orders: what was done, how often, at which price, less which discount.
-- optional: line.DateTimeAdded datetime, line.DateTimeChanged datetime
SELECT line.ID AS ID,
       bill.ID_Receptions AS Visit,
       item.ID AS Service,
       item.Name AS Name,
       line.CountService AS Quantity,
       price.Price AS Price,
       line.DiscountSum AS Discount,
       line.DateTimeAdded AS Added,
       line.DateTimeChanged AS Changed
FROM dbo.OrderServiceRelation AS line
JOIN dbo.Orders AS bill ON bill.ID = line.ID_Orders
LEFT JOIN dbo.ServiceItemPrices AS price ON price.ID = line.ID_ServicePrices
LEFT JOIN dbo.ServiceItems AS item ON item.ID = price.ID_ServiceItems
WHERE bill.ID_Receptions IS NOT NULL

-- name: debts
-- What is owed of each order; nothing of all of them: the visit is paid.
-- optional: everything
SELECT journal.ID_Orders AS ID,
       bill.ID_Receptions AS Visit,
       journal.IsBillFormed AS IsFormed,
       journal.Debt AS Debt
FROM dbo.OrderPaymentsJournal AS journal
JOIN dbo.Orders AS bill ON bill.ID = journal.ID_Orders
WHERE bill.ID_Receptions IS NOT NULL

-- name: payments
-- Payments are a patient's and of no order; what they settle is told by the debts.
-- optional: everything
SELECT payment.ID AS ID,
       payment.ID_Patients AS Patient,
       payment.DateTimeAdded AS Added,
       payment.DateTimeChanged AS Changed
FROM dbo.PaymentsIn AS payment

-- name: cells
-- Quarters of an hour of the calendar that a visit takes: the doctor may stand there only.
-- optional: everything
SELECT cell.ID_Receptions AS Visit,
       cell.DateOfWork AS Day,
       slot.TimeStartValue AS Starts,
       slot.TimeEndValue AS Ends,
       cell.ID_Staffs AS Doctor,
       cell.ID_Armchairs AS Chair
FROM dbo.CurrentTimeTable AS cell
LEFT JOIN dbo.Times AS slot ON slot.ID = cell.ID_Times
WHERE cell.ID_Receptions IS NOT NULL

-- name: timetable
-- All quarters of an hour of the calendar that have a doctor: free ones are shown where IDENT posts no timetable. What
-- takes one (a visit, a reserve) and that working time is marked is inferred from the names.
-- optional: everything
-- optional: cell.ID_TimeReserves int, cell.IsWorkingTime bit
SELECT cell.ID AS ID,
       cell.DateOfWork AS Day,
       slot.TimeStartValue AS Starts,
       slot.TimeEndValue AS Ends,
       cell.ID_Staffs AS Doctor,
       chair.ID_OwnCompanies AS Branch,
       cell.ID_Receptions AS Visit,
       cell.ID_TimeReserves AS Reserve,
       cell.IsWorkingTime AS IsWorking
FROM dbo.CurrentTimeTable AS cell
JOIN dbo.Times AS slot ON slot.ID = cell.ID_Times
JOIN dbo.Armchairs AS chair ON chair.ID = cell.ID_Armchairs
WHERE cell.ID_Staffs IS NOT NULL

-- name: branches
-- A branch is an own company.
-- optional: company.BranchName nvarchar(255)
SELECT company.ID AS ID,
       company.Name AS Name,
       company.BranchName AS BranchName
FROM dbo.OwnCompanies AS company

-- name: chairs
-- Chairs (cabinets), each of a branch.
SELECT chair.ID AS ID,
       chair.NameArmchair AS Name,
       chair.ID_OwnCompanies AS Branch
FROM dbo.Armchairs AS chair

-- name: doctors
-- Names of the staff.
SELECT staff.ID_Persons AS ID,
       person.Surname AS Surname,
       person.Name AS Name,
       person.Patronymic AS Patronymic
FROM dbo.Staffs AS staff
JOIN dbo.Persons AS person ON person.ID = staff.ID_Persons

-- name: professions
-- A doctor may have several.
-- optional: everything
SELECT item.ID_Staffs AS Doctor,
       profession.NameProfession AS Name
FROM dbo.Items AS item
JOIN dbo.ProfessionNames AS profession ON profession.ID = item.ID_ProfessionNames

-- name: cancel_reasons
-- Why visits are cancelled; what each means is a setting.
-- optional: everything
SELECT reason.ID AS ID,
       reason.Name AS Name
FROM dbo.ReceptionCancelReasons AS reason

-- name: info_sources
-- Where patients have heard of the clinic.
-- optional: everything
SELECT source.ID AS ID,
       source.Name AS Name
FROM dbo.InfoSources AS source

-- name: categories
-- Categories of services, by the folder of the price list where each stands now.
-- optional: everything
SELECT content.ID_ServiceItems AS Service,
       category.Name AS Name
FROM dbo.ServiceItemContents AS content
JOIN dbo.ServiceFolders AS folder ON folder.ID = content.ID_ServiceFoldersParent
JOIN dbo.ServiceCategories AS category ON category.ID = folder.ID_ServiceCategories
WHERE content.DateTimeTo IS NULL

-- name: plans
-- Treatment plans. Read only where a field shows them.
-- optional: everything
-- optional: treatment.Name nvarchar(255), treatment.IsActive bit, treatment.ActualTo datetime
SELECT treatment.ID AS ID,
       treatment.ID_Patients AS Patient,
       treatment.Name AS Name,
       treatment.DateTimeCreated AS Created,
       treatment.IsActive AS IsActive,
       treatment.ActualTo AS Until,
       treatment.DateTimeAdded AS Added,
       treatment.DateTimeChanged AS Changed
FROM dbo.TreatmentPlans AS treatment

-- name: plan_lines
-- What is planned: a service at its price, less a discount.
-- optional: everything
SELECT planned.ID AS ID,
       planned.ID_TreatmentPlans AS Treatment,
       treatment.ID_Patients AS Patient,
       price.Price AS Price,
       planned.DiscountSum AS Discount,
       planned.TeethLong AS Teeth,
       planned.DateTimeAdded AS Added,
       planned.DateTimeChanged AS Changed
FROM dbo.TreatmentPlanElementRelations AS planned
JOIN dbo.TreatmentPlans AS treatment ON treatment.ID = planned.ID_TreatmentPlans
LEFT JOIN dbo.ServiceItemPrices AS price ON price.ID = planned.ID_ServicePrices

-- name: plan_work
-- Lines of orders that do what was planned: a planned line with any of them is done.
-- optional: everything
SELECT line.ID AS ID,
       line.ID_TreatmentPlanElementRelations AS Line,
       bill.ID_Patients AS Patient,
       line.DateTimeAdded AS Added,
       line.DateTimeChanged AS Changed
FROM dbo.OrderServiceRelation AS line
JOIN dbo.Orders AS bill ON bill.ID = line.ID_Orders
WHERE line.ID_TreatmentPlanElementRelations IS NOT NULL

-- name: applications
-- Applications that IDENT took over its own HTTP protocol, by the id under which they were given to it.
-- optional: everything
SELECT ticket.ID AS ID,
       ticket.SourceProviderUid AS Ticket,
       ticket.DateTimeCreated AS Created,
       ticket.DateTimeInserted AS Inserted,
       ticket.IsTrash AS Discarded
FROM dbo.OnlineTickets AS ticket

-- name: jobs
-- What staff are to do, such as to call somebody: not visits, whatever the table is called. Read only where jobs are
-- copied. A job is done once something closes it: a visit, a delay, a refusal, a talk.
-- optional: everything
-- optional: job.ID_CRMJobTypes int, job.Comment nvarchar(max), job.ID_ReceptionsClose int
-- optional: job.ID_DelayAppointmentsClose int, job.ID_ReceptionCancelReasons int
-- optional: job.ID_CrmJobCommunicationCommentsClose int
SELECT job.ID AS ID,
       job.ID_Patients AS Patient,
       job.ID_CRMJobTypes AS Type,
       job.Comment AS Comment,
       job.ID_ReceptionsClose AS ByVisit,
       job.ID_DelayAppointmentsClose AS ByDelay,
       job.ID_ReceptionCancelReasons AS ByRefusal,
       job.ID_CrmJobCommunicationCommentsClose AS ByTalk,
       job.DateTimeAdded AS Added
FROM dbo.ScheduledReceptions AS job

-- name: job_types
-- What jobs are called.
-- optional: everything
SELECT kind.ID AS ID,
       kind.Name AS Name
FROM dbo.CRMJobTypes AS kind

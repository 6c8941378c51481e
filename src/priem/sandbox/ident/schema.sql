-- IDENT's tables as far as they are publicly known: docs/reference/ident.md, sections 5 and 2.3.
CREATE TABLE dbo.OwnCompanies (ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL, BranchName nvarchar(255) NULL);
CREATE TABLE dbo.Armchairs (
  ID int NOT NULL PRIMARY KEY, NameArmchair nvarchar(100) NOT NULL,
  ID_OwnCompanies int NOT NULL REFERENCES dbo.OwnCompanies(ID), Archive bit NOT NULL DEFAULT 0);
CREATE TABLE dbo.Persons (
  ID int NOT NULL PRIMARY KEY, Surname nvarchar(100) NULL, Name nvarchar(100) NULL, Patronymic nvarchar(100) NULL,
  Birthday nvarchar(20) NULL, MobilePhone nvarchar(50) NULL, Phone nvarchar(50) NULL,
  Email nvarchar(255) NULL, Sex tinyint NULL, DateTimeAdded datetime NULL, DateTimeChanged datetime NULL);
CREATE TABLE dbo.Staffs (ID_Persons int NOT NULL PRIMARY KEY REFERENCES dbo.Persons(ID), Archive bit NOT NULL DEFAULT 0);
CREATE TABLE dbo.ProfessionNames (
  ID int NOT NULL PRIMARY KEY, NameProfession nvarchar(100) NOT NULL, ID_Roles int NULL, Archive bit NOT NULL DEFAULT 0);
CREATE TABLE dbo.Items (
  ID int IDENTITY PRIMARY KEY, ID_Staffs int NOT NULL REFERENCES dbo.Staffs(ID_Persons),
  ID_ProfessionNames int NOT NULL REFERENCES dbo.ProfessionNames(ID));
CREATE TABLE dbo.InfoSources (ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL, Archive bit NOT NULL DEFAULT 0);
CREATE TABLE dbo.ReceptionCancelReasons (
  ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL, Archive bit NOT NULL DEFAULT 0);
CREATE TABLE dbo.AppointmentSources (
  ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL, Archive bit NOT NULL DEFAULT 0);
CREATE TABLE dbo.ExternalProviders (ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL);
CREATE TABLE dbo.ArchivingReasons (ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL);
CREATE TABLE dbo.Patients (
  ID_Persons int NOT NULL PRIMARY KEY REFERENCES dbo.Persons(ID), FirstVisit date NULL, MinStatus int NULL,
  InitialBalance decimal(20,10) NOT NULL DEFAULT 0, InitialTreatmentSum decimal(20,10) NOT NULL DEFAULT 0,
  ParentSNP nvarchar(300) NULL, ID_Agents int NULL, JobPlace nvarchar(255) NULL, Profession nvarchar(255) NULL,
  CardNumber nvarchar(64) NULL, Comment nvarchar(max) NULL, AdditionalComment nvarchar(max) NULL,
  ID_InfoSources int NULL REFERENCES dbo.InfoSources(ID), ID_StaffInfoSources int NULL,
  ID_ArchivingReasons int NULL REFERENCES dbo.ArchivingReasons(ID), ID_Staffs int NULL,
  ConformToSending bit NOT NULL DEFAULT 0, SMSRejection bit NOT NULL DEFAULT 0, BillIsNecessary bit NOT NULL DEFAULT 0,
  EGISZRejection bit NOT NULL DEFAULT 0, PatientToothInfo nvarchar(max) NULL, FirstConsultation datetime NULL,
  FirstTreat datetime NULL, ExternalUID nvarchar(400) NULL, ID_StaffsChanged int NULL, DateTimeChanged datetime NULL,
  PatientNumber nvarchar(64) NULL, Status int NOT NULL DEFAULT 1, ID_OldProgram int NULL);
CREATE TABLE dbo.Receptions (
  ID int IDENTITY PRIMARY KEY, ID_Patients int NULL REFERENCES dbo.Patients(ID_Persons), ID_StaffsReceptionAdded int NULL,
  ReceptionAdded datetime NULL, Comment nvarchar(max) NULL, ID_DeliveryNotifications int NULL,
  DateTimeNotified datetime NULL, IsNotified bit NOT NULL DEFAULT 0, PatientAppeared datetime NULL,
  ReceptionStarted datetime NULL, ReceptionEnded datetime NULL, CheckIssued datetime NULL, PlanStart datetime NULL,
  PlanEnd datetime NULL, ID_Staffs int NULL REFERENCES dbo.Staffs(ID_Persons),
  ID_Armchairs int NULL REFERENCES dbo.Armchairs(ID), NeedHandReminder bit NULL,
  ID_ReceptionCancelReasons int NULL REFERENCES dbo.ReceptionCancelReasons(ID), CancelReasonComment nvarchar(max) NULL,
  ID_StaffsReceptionCanceled int NULL, ReceptionCanceled datetime NULL,
  ID_ReceptionsTransferFrom int NULL REFERENCES dbo.Receptions(ID), ID_ExternalProviders int NULL,
  ExternalProviderComment nvarchar(max) NULL, ID_AppointmentSources int NULL, ExternalUID nvarchar(400) NULL,
  RowVersion rowversion NOT NULL, ID_StaffsAdded int NULL, DateTimeAdded datetime NOT NULL DEFAULT GETDATE(),
  ID_StaffsChanged int NULL, DateTimeChanged datetime NULL);
CREATE TABLE dbo.Times (ID int NOT NULL PRIMARY KEY, TimeStartValue time(0) NOT NULL, TimeEndValue time(0) NOT NULL);
CREATE TABLE dbo.CurrentTimeTable (
  ID int IDENTITY PRIMARY KEY, DateOfWork date NOT NULL, ID_Times int NOT NULL REFERENCES dbo.Times(ID),
  ID_Armchairs int NOT NULL REFERENCES dbo.Armchairs(ID), ID_Staffs int NULL,
  ID_Receptions int NULL REFERENCES dbo.Receptions(ID), ID_TimeReserves int NULL, IsWorkingTime bit NULL,
  IsHeaderCell bit NULL, RowVersion rowversion NOT NULL);
CREATE TABLE dbo.ServiceItems (ID int NOT NULL PRIMARY KEY, Name nvarchar(500) NOT NULL, NotAService bit NULL);
CREATE TABLE dbo.ServiceItemPrices (
  ID int NOT NULL PRIMARY KEY, ID_ServiceItems int NOT NULL REFERENCES dbo.ServiceItems(ID), ID_ServicePriceGroups int NULL,
  Price decimal(20,10) NOT NULL, DateTimeFrom datetime NOT NULL, DateTimeTo datetime NULL);
CREATE TABLE dbo.ServiceCategories (
  ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL, Archive bit NOT NULL DEFAULT 0);
CREATE TABLE dbo.ServiceFolders (
  ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL,
  ID_ServiceCategories int NULL REFERENCES dbo.ServiceCategories(ID), Archive bit NOT NULL DEFAULT 0);
CREATE TABLE dbo.ServiceItemContents (
  ID int IDENTITY PRIMARY KEY, ID_ServiceItems int NOT NULL REFERENCES dbo.ServiceItems(ID), Code nvarchar(50) NULL,
  ID_ServiceFoldersParent int NULL REFERENCES dbo.ServiceFolders(ID), DateTimeFrom datetime NOT NULL,
  DateTimeTo datetime NULL);
CREATE TABLE dbo.Orders (
  ID int IDENTITY PRIMARY KEY, DateTimeOrder datetime NOT NULL, ID_OwnCompanies int NULL, ID_Receptions int NULL,
  ID_Patients int NOT NULL, ID_Staffs int NULL, ID_StaffsAssistant int NULL, DateTimeBillFormed datetime NULL,
  ID_DiscountGroupMembers int NULL, DateTimeBill datetime NULL, IsBillFormed bit NOT NULL DEFAULT 0,
  ID_TherapeuticSanations int NULL, ID_ProstheticSanations int NULL, ID_OrthodonticSanations int NULL,
  ID_ParodontolalSanations int NULL, ID_SurgicalSanations int NULL,
  DateTimeAdded datetime NOT NULL DEFAULT GETDATE(), DateTimeChanged datetime NULL);
CREATE TABLE dbo.OrderServiceRelation (
  ID int IDENTITY PRIMARY KEY, ID_Orders int NOT NULL REFERENCES dbo.Orders(ID), ID_TreatmentPlans int NULL,
  ID_TreatmentPlanElementRelations int NULL, ID_ServicePrices int NOT NULL REFERENCES dbo.ServiceItemPrices(ID),
  CountService decimal(20,10) NOT NULL, TeethLong bigint NOT NULL DEFAULT 0, DiscountSum decimal(20,10) NULL,
  DateTimeAdded datetime NOT NULL DEFAULT GETDATE(), DateTimeChanged datetime NULL);
CREATE TABLE dbo.PaymentsIn (
  ID int IDENTITY PRIMARY KEY, DateTimePayment datetime NOT NULL, ID_OwnCompanies int NULL, ID_Patients int NOT NULL,
  ID_CashDescs int NULL, ID_ServiceGroups int NULL, ID_Staffs int NULL, Payment decimal(20,10) NOT NULL,
  DateTimeAdded datetime NOT NULL DEFAULT GETDATE(), DateTimeChanged datetime NULL, DatePayment date NULL);
CREATE TABLE dbo.OrderPaymentsJournal (
  ID_Orders int NOT NULL PRIMARY KEY REFERENCES dbo.Orders(ID), DateTimeBill datetime NULL, ID_Patients int NULL,
  IsBillFormed bit NOT NULL DEFAULT 0, Amount decimal(20,10) NULL, AmountWithDiscount decimal(20,10) NULL,
  Debt decimal(20,10) NULL);
CREATE TABLE dbo.TreatmentPlans (
  ID int IDENTITY PRIMARY KEY, ID_StaffsCreated int NULL, DateTimeCreated datetime NOT NULL, ID_Patients int NOT NULL,
  Name nvarchar(255) NULL, ID_Staffs int NULL, ActualFrom datetime NULL, ActualTo datetime NULL,
  IsActive bit NOT NULL DEFAULT 1, DateTimeAdded datetime NOT NULL DEFAULT GETDATE(), DateTimeChanged datetime NULL);
CREATE TABLE dbo.TreatmentPlanElementRelations (
  ID int IDENTITY PRIMARY KEY, ID_TreatmentPlans int NOT NULL REFERENCES dbo.TreatmentPlans(ID),
  ID_ServicePrices int NOT NULL REFERENCES dbo.ServiceItemPrices(ID), TeethLong bigint NOT NULL DEFAULT 0,
  DiscountSum decimal(20,10) NULL, DateTimeAdded datetime NOT NULL DEFAULT GETDATE(), DateTimeChanged datetime NULL);
CREATE TABLE dbo.CRMJobTypes (ID int NOT NULL PRIMARY KEY, Name nvarchar(255) NOT NULL);
CREATE TABLE dbo.ScheduledReceptions (
  ID int IDENTITY PRIMARY KEY, ID_Patients int NOT NULL REFERENCES dbo.Patients(ID_Persons), ID_Receptions int NULL,
  ID_CRMJobTypes int NULL REFERENCES dbo.CRMJobTypes(ID), ID_OwnCompanies int NULL, ID_ProfessionNames int NULL,
  ID_Staffs int NULL, Comment nvarchar(max) NULL, Length int NULL, ID_ReceptionsClose int NULL,
  ID_DelayAppointmentsClose int NULL, ID_ReceptionCancelReasons int NULL, ID_CrmJobCommunicationCommentsClose int NULL,
  DateTimeAdded datetime NOT NULL DEFAULT GETDATE(), DateTimeChanged datetime NULL);
CREATE TABLE dbo.OnlineTickets (
  ID int IDENTITY PRIMARY KEY, ID_ExternalProviders int NULL, ID_OwnCompanies int NULL,
  SourceProviderUid nvarchar(400) NOT NULL, DateTimeCreated datetime NOT NULL, PhoneSource nvarchar(100) NULL,
  PhoneOutInt bigint NULL, EmailOut nvarchar(255) NULL, PatientFullName nvarchar(300) NULL, SurName nvarchar(100) NULL,
  Name nvarchar(100) NULL, Patronymic nvarchar(100) NULL, PlanStart datetime NULL, PlanEnd datetime NULL,
  Comment nvarchar(max) NULL, FormName nvarchar(255) NULL, ID_Staffs int NULL, StaffName nvarchar(300) NULL,
  ID_UTMs int NULL, ID_UTMReferrers int NULL, ID_CommunicationComments int NULL, IsTrash bit NOT NULL DEFAULT 0,
  ID_StaffsInserted int NULL, DateTimeInserted datetime NOT NULL DEFAULT GETDATE(), RowVersion rowversion NOT NULL);
CREATE VIEW dbo.StaffsView AS
  SELECT s.ID_Persons AS ID, p.Surname, p.Name, p.Patronymic, s.Archive
  FROM dbo.Staffs s JOIN dbo.Persons p ON p.ID = s.ID_Persons;

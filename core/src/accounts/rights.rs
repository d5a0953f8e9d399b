//! The rights table: which role may call which operation. One row per `operationId`.

use super::Role;

/// Who may call an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rights {
    /// Anyone, without signing in.
    Public,
    /// These roles.
    Roles(&'static [Role]),
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $id:literal: $rights:expr;)+) => {
        /// An operation of the API, named by its `operationId`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Operation {
            $($(#[$doc])* $name,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The `operationId`.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// Who may call it.
            #[must_use]
            pub const fn rights(self) -> Rights {
                match self { $(Self::$name => $rights,)+ }
            }
        }
    };
}

use Rights::{Public, Roles};
use Role::{Admin, Analyst, Cashier, Dispatcher, Reader};

const EVERYONE: Rights = Roles(&[Reader, Dispatcher, Analyst, Cashier, Admin]);
const OFFICE: Rights = Roles(&[Dispatcher, Analyst, Cashier, Admin]);
const DISPATCH: Rights = Roles(&[Dispatcher, Admin]);
const REGISTER: Rights = Roles(&[Dispatcher, Analyst, Admin]);

operations! {
    /// Server time, epoch, limits.
    GetMeta = "get_meta": Public;
    /// Whether the process and its database answer.
    GetHealth = "get_health": Public;
    /// The API's contract.
    GetOpenapi = "get_openapi": Public;
    /// What the console's map is drawn on.
    GetMap = "get_map": OFFICE;
    /// First run: the holder of the set-up token makes the first administrator.
    ClaimSetup = "claim_setup": Public;
    /// Sign in at a desk.
    SignIn = "sign_in": Public;
    /// Turn an activation code into a device and its tokens.
    ActivateDevice = "activate_device": Public;
    /// Exchange a refresh token.
    RefreshTokens = "refresh_tokens": Public;
    /// Begin to set up a second factor.
    EnrolSecondFactor = "enrol_second_factor": Public;
    /// Confirm it by a code.
    ConfirmSecondFactor = "confirm_second_factor": Public;
    /// Take one's own away.
    RemoveSecondFactor = "remove_second_factor": Public;
    /// Take away somebody's who has lost it.
    ResetSecondFactor = "reset_second_factor": Roles(&[Admin]);
    /// Change one's own password.
    ChangePassword = "change_password": Public;
    /// End this session.
    Logout = "logout": EVERYONE;
    /// Who am I.
    GetMe = "get_me": EVERYONE;
    /// List accounts.
    ListAccounts = "list_accounts": Roles(&[Dispatcher, Admin]);
    /// Make an account.
    CreateAccount = "create_account": Roles(&[Admin]);
    /// Disable an account and end its sessions.
    DisableAccount = "disable_account": Roles(&[Admin]);
    /// Mint an activation code for a reader's phone.
    CreateActivationCode = "create_activation_code": DISPATCH;
    /// List devices with their gaps.
    ListDevices = "list_devices": DISPATCH;
    /// Revoke a lost phone.
    RevokeDevice = "revoke_device": DISPATCH;
    /// The area tree.
    ListAreas = "list_areas": OFFICE;
    /// The routes.
    ListRoutes = "list_routes": OFFICE;
    /// The meter types.
    ListMeterTypes = "list_meter_types": OFFICE;
    /// Search service points.
    ListServicePoints = "list_service_points": OFFICE;
    /// One service point with its meter and history.
    GetServicePoint = "get_service_point": OFFICE;
    /// Search meters.
    ListMeters = "list_meters": OFFICE;
    /// One meter.
    GetMeter = "get_meter": OFFICE;
    /// The readings of one meter.
    ListMeterReadings = "list_meter_readings": OFFICE;
    /// Import the register from CSV or XLSX.
    ImportRegister = "import_register": REGISTER;
    /// Import prepaid purchases from CSV or XLSX.
    ImportPurchases = "import_purchases": Roles(&[Analyst, Cashier, Admin]);
    /// Import readings of another system from CSV or XLSX.
    ImportReadings = "import_readings": Roles(&[Analyst, Admin]);
    /// Make a round from a route.
    CreateRound = "create_round": DISPATCH;
    /// List rounds.
    ListRounds = "list_rounds": OFFICE;
    /// One round with its stops.
    GetRound = "get_round": OFFICE;
    /// Give a round to a reader.
    AssignRound = "assign_round": DISPATCH;
    /// Take a round back.
    CancelRound = "cancel_round": DISPATCH;
    /// Ask for a plan of rounds.
    CreatePlan = "create_plan": DISPATCH;
    /// Plans and how far they are.
    ListPlans = "list_plans": OFFICE;
    /// One plan with its report.
    GetPlan = "get_plan": OFFICE;
    /// Stop a plan in the making.
    CancelPlan = "cancel_plan": DISPATCH;
    /// Readers' days in a plan.
    ListPlanRounds = "list_plan_rounds": OFFICE;
    /// The stops of a plan.
    ListPlanStops = "list_plan_stops": OFFICE;
    /// Move or lock a stop of a plan.
    ChangePlanStop = "change_plan_stop": DISPATCH;
    /// Make a plan real.
    PublishPlan = "publish_plan": DISPATCH;
    /// Readers as the planner sees them.
    ListReaderProfiles = "list_reader_profiles": OFFICE;
    /// Say where and when a reader works.
    SetReaderProfile = "set_reader_profile": DISPATCH;
    /// Days readers are away.
    ListAbsences = "list_absences": OFFICE;
    /// Write an absence down.
    CreateAbsence = "create_absence": DISPATCH;
    /// Take an absence back.
    WithdrawAbsence = "withdraw_absence": DISPATCH;
    /// What a visit at a point takes.
    GetVisitTerms = "get_visit_terms": OFFICE;
    /// Say what a visit at a point takes.
    SetVisitTerms = "set_visit_terms": DISPATCH;
    /// Times promised to customers.
    ListAppointments = "list_appointments": OFFICE;
    /// Promise a customer a time.
    CreateAppointment = "create_appointment": DISPATCH;
    /// Take an appointment back.
    WithdrawAppointment = "withdraw_appointment": DISPATCH;
    /// A phone asks what changed.
    PullChanges = "pull_changes": Roles(&[Reader]);
    /// A phone fetches one of its rounds anew.
    PullRound = "pull_round": Roles(&[Reader]);
    /// A desk is told that something has changed.
    StreamEvents = "stream_events": REGISTER;
    /// A phone is poked when there is something to pull.
    StreamPokes = "stream_pokes": Roles(&[Reader]);
    /// A phone pushes its records.
    PushRecords = "push_records": Roles(&[Reader]);
    /// A phone asks which of its records are missing after a restore.
    OfferRecords = "offer_records": Roles(&[Reader]);
    /// What was kept aside, with its reason. A reader sees only his own.
    ListQuarantine = "list_quarantine": Roles(&[Reader, Dispatcher, Admin]);
    /// One item in quarantine. A reader sees only his own.
    GetQuarantined = "get_quarantined": Roles(&[Reader, Dispatcher, Admin]);
    /// Take an item out of quarantine as a record.
    ReleaseQuarantined = "release_quarantined": DISPATCH;
    /// Reject an item for good.
    RejectQuarantined = "reject_quarantined": DISPATCH;
    /// Phones with missing records or a broken chain.
    ListGaps = "list_gaps": OFFICE;
    /// What is missing of one phone's records.
    GetDeviceGaps = "get_device_gaps": OFFICE;
    /// Declare missing numbers explained.
    ExplainGaps = "explain_gaps": DISPATCH;
    /// How far a phone's hash chain is proven.
    GetDeviceChain = "get_device_chain": OFFICE;
    /// The codes a phone may send with hazards and found changes.
    ListReportCodes = "list_report_codes": EVERYONE;
    /// Hidden hazards.
    ListHazards = "list_hazards": OFFICE;
    /// One hazard with its steps.
    GetHazard = "get_hazard": OFFICE;
    /// Move a hazard on.
    DecideHazard = "decide_hazard": DISPATCH;
    /// What readers found to differ from the register.
    ListFoundChanges = "list_found_changes": OFFICE;
    /// Accept or dismiss such a proposal: an accepted one changes the register.
    DecideFoundChange = "decide_found_change": REGISTER;
    /// Every record of a service point as it came.
    ListPointRecords = "list_point_records": OFFICE;
    /// Every dated setting with its history.
    ListSettings = "list_settings": OFFICE;
    /// Set values from a coming day on.
    ChangeSettings = "change_settings": Roles(&[Admin]);
    /// Coverage against the targets of R-5.
    GetCoverage = "get_coverage": OFFICE;
    /// Periods, open and closed.
    ListPeriods = "list_periods": OFFICE;
    /// Close a period: its figures are frozen.
    ClosePeriod = "close_period": Roles(&[Analyst, Admin]);
    /// What has changed since a period was closed.
    GetRestated = "get_restated": OFFICE;
    /// The points behind that.
    ListRestatedPoints = "list_restated_points": OFFICE;
    /// The commercial window of a month.
    GetWindow = "get_window": OFFICE;
    /// Make an exception from it.
    SetWindow = "set_window": DISPATCH;
    /// Visits whose time a person must decide.
    ListTimeReviews = "list_time_reviews": OFFICE;
    /// Decide when a visit was made.
    DecideTimeReview = "decide_time_review": REGISTER;
    /// Whether the targets can still be met.
    GetPace = "get_pace": OFFICE;
    /// The points to read next.
    ListNextPoints = "list_next_points": OFFICE;
    /// The longest unseen points with what to do about each.
    ListUnseenPoints = "list_unseen_points": OFFICE;
    /// Work that the nodes share.
    ListJobs = "list_jobs": OFFICE;
    /// The daily report. A reader sees only his own.
    GetDailyReport = "get_daily_report": EVERYONE;
    /// The daily report as a file. A reader gets only his own.
    ExportDailyReport = "export_daily_report": EVERYONE;
    /// The records behind a figure of the daily report.
    ListDailyRecords = "list_daily_records": EVERYONE;
    /// Reports that were published.
    ListPublishedReports = "list_published_reports": OFFICE;
    /// The month-end report.
    GetMonthReport = "get_month_report": OFFICE;
    /// The month-end report as a file.
    ExportMonthReport = "export_month_report": OFFICE;
    /// Points not read in a month.
    ListNotRead = "list_not_read": OFFICE;
    /// Cases of a month.
    ListMonthAnomalies = "list_month_anomalies": OFFICE;
    /// The three figures of commercial meters over a month.
    ListReconciliation = "list_reconciliation": OFFICE;
    /// Corrections of a month.
    ListCorrections = "list_corrections": OFFICE;
    /// Customers whose purchases changed.
    ListPurchaseChanges = "list_purchase_changes": OFFICE;
    /// Appraisals of readers. A reader sees only his own.
    ListAppraisals = "list_appraisals": Roles(&[Reader, Dispatcher, Analyst, Admin]);
    /// Appraisals as a file. A reader gets only his own.
    ExportAppraisals = "export_appraisals": Roles(&[Reader, Dispatcher, Analyst, Admin]);
    /// Objections that wait for an answer.
    ListObjections = "list_objections": DISPATCH;
    /// Publish the appraisals of a closed month.
    PublishAppraisals = "publish_appraisals": DISPATCH;
    /// Object to one's own appraisal.
    ObjectToAppraisal = "object_to_appraisal": Roles(&[Reader]);
    /// Answer an objection.
    AnswerObjection = "answer_objection": DISPATCH;
    /// List cases.
    ListCases = "list_cases": OFFICE;
    /// One case with all that was found and done.
    GetCase = "get_case": OFFICE;
    /// What a person looks at before deciding a case.
    GetCaseEvidence = "get_case_evidence": OFFICE;
    /// Cases as a workbook or CSV file.
    ExportCases = "export_cases": OFFICE;
    /// What can come of a case.
    ListCaseOutcomes = "list_case_outcomes": OFFICE;
    /// Move a case on.
    DecideCase = "decide_case": REGISTER;
    /// Give a case to somebody, or set when it is due.
    AssignCase = "assign_case": REGISTER;
    /// The same for many cases.
    ActOnCases = "act_on_cases": REGISTER;
    /// The lists of suspect meters of all months.
    ListAnomalyLists = "list_anomaly_lists": OFFICE;
    /// Those of a month.
    GetAnomalyList = "get_anomaly_list": OFFICE;
    /// Have a month's lists made.
    MakeAnomalyLists = "make_anomaly_lists": Roles(&[Analyst, Admin]);
    /// The places of a month.
    ListAnomalyEntries = "list_anomaly_entries": OFFICE;
    /// One place with its reason.
    GetAnomalyEntry = "get_anomaly_entry": OFFICE;
    /// Open a case from a place.
    OpenAnomalyCase = "open_anomaly_case": REGISTER;
    /// Learn a model from the company's own history.
    TrainAnomalyModel = "train_anomaly_model": Roles(&[Analyst, Admin]);
    /// The models, and which one holds from when.
    ListAnomalyModels = "list_anomaly_models": OFFICE;
    /// One model.
    GetAnomalyModel = "get_anomaly_model": OFFICE;
    /// Switch a model on from a coming day.
    SwitchAnomalyModel = "switch_anomaly_model": Roles(&[Admin]);
    /// Try other settings on the stored history.
    RunRuleLab = "run_rule_lab": Roles(&[Analyst, Admin]);
    /// A run with what the change does to each rule.
    GetLabRun = "get_lab_run": Roles(&[Analyst, Admin]);
    /// Switch a run's settings on from a coming day.
    AdoptLabRun = "adopt_lab_run": Roles(&[Admin]);
    /// Signs in readers' entries, as reasons to look again.
    GetIntegrity = "get_integrity": Roles(&[Analyst, Admin]);
    /// Draw a blind re-read list.
    DrawRereads = "draw_rereads": Roles(&[Analyst, Admin]);
    /// The lists drawn so far.
    ListRereads = "list_rereads": Roles(&[Analyst, Admin]);
    /// One list with what was drawn.
    GetRereads = "get_rereads": Roles(&[Analyst, Admin]);
    /// Subscribe a system to what happens to cases.
    CreateWebhook = "create_webhook": Roles(&[Admin]);
    /// The subscriptions.
    ListWebhooks = "list_webhooks": Roles(&[Admin]);
    /// What a subscription's messages are signed with.
    GetWebhookSecret = "get_webhook_secret": Roles(&[Admin]);
    /// End a subscription.
    DisableWebhook = "disable_webhook": Roles(&[Admin]);
    /// Try the way to a subscriber.
    TestWebhook = "test_webhook": Roles(&[Admin]);
    /// What a subscription was told.
    ListWebhookMessages = "list_webhook_messages": Roles(&[Admin]);
    /// Try a message again that was given up.
    RetryWebhookMessage = "retry_webhook_message": Roles(&[Admin]);
    /// Bring a photo.
    PutPhoto = "put_photo": Roles(&[Reader]);
    /// Whether a photo is there.
    CheckPhoto = "check_photo": EVERYONE;
    /// See a photo. A reader sees only those his own records name.
    GetPhoto = "get_photo": EVERYONE;
    /// Photos that records name and that have not come. A phone sees only its own.
    ListMissingPhotos = "list_missing_photos": EVERYONE;
    /// What resumable uploads can do.
    DescribeUploads = "describe_uploads": Public;
    /// Begin a resumable upload of a photo.
    CreateUpload = "create_upload": Roles(&[Reader]);
    /// How far an upload has come. Only the phone that began it.
    CheckUpload = "check_upload": Roles(&[Reader]);
    /// Bring the next bytes of an upload.
    ContinueUpload = "continue_upload": Roles(&[Reader]);
    /// Give an upload up.
    EndUpload = "end_upload": Roles(&[Reader]);
    /// The rules behind the verdicts, with their help.
    ListRules = "list_rules": EVERYONE;
}

impl Operation {
    /// The operation of an `operationId`.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|operation| operation.id() == id)
    }

    /// Whether `role` may call it.
    #[must_use]
    pub fn allows(self, role: Role) -> bool {
        match self.rights() {
            Public => true,
            Roles(roles) => roles.contains(&role),
        }
    }
}

//! What the rules that are alike are about, copied by hand from the tables' files.

/// Table, column and code list of every coded column; the column's `accepted_values` uses the list.
pub const CODED: &[(&str, &str, &str)] = &[
    ("people", "gender", "gender"),
    ("people", "ethnicity", "ethnicity"),
    ("people", "disability", "disability"),
    ("people", "religion", "religion"),
    ("people", "sexual_orientation", "sexual_orientation"),
    ("people", "communication_need", "communication_need"),
    ("referrals", "source", "referral_source"),
    ("referrals", "occurrence_type", "occurrence_type"),
    ("referrals", "consent", "yes_no"),
    ("cases", "status", "case_status"),
    ("cases", "closure_outcome", "closure_outcome"),
    ("cases", "area", "areas"),
    ("cases", "repeat_victim", "yes_no_unknown"),
    ("cases", "prior_support", "yes_no_unknown"),
    ("cases", "reported_before", "yes_no_na"),
    ("cases", "reported_after", "yes_no_na"),
    ("contact_attempts", "channel", "contact_channel"),
    ("contact_attempts", "result", "contact_result"),
    ("needs_assessments", "stage", "need_stage"),
    ("needs_assessments", "need_area", "need_area"),
    ("needs_assessments", "level", "need_level"),
    ("support_actions", "action", "support_action"),
    ("support_actions", "outcome", "action_outcome"),
];

/// Columns with `not_null`.
pub const FILLED: &[(&str, &[&str])] = &[
    (
        "people",
        &[
            "person_ref",
            "date_of_birth",
            "gender",
            "ethnicity",
            "disability",
            "religion",
            "sexual_orientation",
            "communication_need",
        ],
    ),
    (
        "referrals",
        &[
            "referral_ref",
            "person_ref",
            "received_on",
            "source",
            "occurrence_type",
            "consent",
        ],
    ),
    (
        "cases",
        &[
            "case_ref",
            "referral_ref",
            "person_ref",
            "opened_on",
            "status",
            "area",
            "repeat_victim",
            "prior_support",
        ],
    ),
    (
        "contact_attempts",
        &[
            "attempt_ref",
            "case_ref",
            "attempted_on",
            "channel",
            "result",
        ],
    ),
    ("needs_assessments", &["case_ref", "stage", "need_area"]),
    ("support_actions", &["action_ref", "case_ref", "action"]),
];

/// Columns of dates, and whether they have `not_in_future`.
pub const DATED: &[(&str, &str, bool)] = &[
    ("people", "date_of_birth", true),
    ("referrals", "received_on", true),
    ("referrals", "incident_on", true),
    ("referrals", "reported_on", true),
    ("cases", "opened_on", true),
    ("cases", "closed_on", true),
    ("cases", "support_started_on", false),
    ("cases", "support_ended_on", false),
    ("contact_attempts", "attempted_on", true),
    ("needs_assessments", "assessed_on", true),
    ("support_actions", "acted_on", true),
];

/// Table, rule, the later date and the earlier one.
pub const ORDERED: &[(&str, &str, &str, &str)] = &[
    (
        "referrals",
        "reported_on.not_before_incident",
        "reported_on",
        "incident_on",
    ),
    (
        "referrals",
        "received_on.not_before_reported",
        "received_on",
        "reported_on",
    ),
    (
        "referrals",
        "received_on.not_before_incident",
        "received_on",
        "incident_on",
    ),
    (
        "cases",
        "closed_on.not_before_opening",
        "closed_on",
        "opened_on",
    ),
    (
        "cases",
        "closed_on.not_before_support_end",
        "closed_on",
        "support_ended_on",
    ),
    (
        "cases",
        "support_started_on.not_before_opening",
        "support_started_on",
        "opened_on",
    ),
    (
        "cases",
        "support_ended_on.not_before_start",
        "support_ended_on",
        "support_started_on",
    ),
];

/// Table, rule and the columns that no two rows share.
pub const UNIQUE: &[(&str, &str, &[&str])] = &[
    ("people", "person_ref.unique", &["person_ref"]),
    ("referrals", "referral_ref.unique", &["referral_ref"]),
    ("cases", "case_ref.unique", &["case_ref"]),
    ("contact_attempts", "attempt_ref.unique", &["attempt_ref"]),
    (
        "needs_assessments",
        "key.unique",
        &["case_ref", "stage", "need_area"],
    ),
    ("support_actions", "action_ref.unique", &["action_ref"]),
];

/// Table and column that name a row of another table, and where it stands there.
pub const NAMED: &[(&str, &str, &str, &str)] = &[
    ("referrals", "person_ref", "people", "person_ref"),
    ("cases", "referral_ref", "referrals", "referral_ref"),
    ("cases", "person_ref", "people", "person_ref"),
    ("cases", "duplicate_of", "cases", "case_ref"),
    ("contact_attempts", "case_ref", "cases", "case_ref"),
    ("needs_assessments", "case_ref", "cases", "case_ref"),
    ("support_actions", "case_ref", "cases", "case_ref"),
];

/// Outcomes of cases with enhanced support.
pub const ENHANCED: [&str; 2] = ["Enhanced - supported", "Enhanced - declined after advice"];

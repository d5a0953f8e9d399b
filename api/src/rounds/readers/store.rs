//! Readers' profiles and absences.

use super::wire::{Absence, CreateAbsenceRequest, ReaderProfile, SetReaderProfileRequest};
use crate::db::schema::{accounts, reader_absences, reader_profiles};
use crate::db::{Conn, each};
use crate::http::{Time, from_ms, to_ms};
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::accounts::{Actor, Role};
use meterbook::calendar::Instant;
use meterbook::id::AccountId;

/// A profile as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = reader_profiles)]
#[expect(missing_docs, reason = "the fields are the columns of reader_profiles")]
pub struct ProfileRow {
    pub reader_id: i64,
    pub lat_micro: Option<i64>,
    pub lng_micro: Option<i64>,
    pub datum: Option<String>,
    pub from_minute: i32,
    pub until_minute: i32,
    pub workdays: i32,
    pub capacity: i32,
    pub skills: String,
    pub version: i64,
}

impl ProfileRow {
    /// Who has told nothing.
    const fn usual(reader_id: i64) -> Self {
        Self {
            reader_id,
            lat_micro: None,
            lng_micro: None,
            datum: None,
            from_minute: 480,
            until_minute: 1_050,
            workdays: 0b111_1111,
            capacity: 120,
            skills: String::new(),
            version: 0,
        }
    }

    /// The keys and skills.
    #[must_use]
    pub fn skill_names(&self) -> Vec<String> {
        serde_json::from_str(&self.skills).unwrap_or_default()
    }

    fn wire(self, name: String) -> ReaderProfile {
        ReaderProfile {
            reader_id: self.reader_id,
            name,
            lat_micro: self.lat_micro,
            lng_micro: self.lng_micro,
            datum: self.datum.clone(),
            from_minute: self.from_minute,
            until_minute: self.until_minute,
            workdays: (1..=7).filter(|day| (self.workdays >> (day - 1)) & 1 == 1).collect(),
            capacity: self.capacity,
            skills: self.skill_names(),
            version: self.version,
        }
    }
}

/// Readers that may be planned with, by id: those named, or all.
pub fn readers(
    conn: &mut Conn,
    only: Option<&[i64]>,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(String, ProfileRow)>> {
    let found: Vec<(i64, String, Option<ProfileRow>)> = each!(conn, c => {
        let mut query = accounts::table
            .left_join(reader_profiles::table.on(reader_profiles::reader_id.eq(accounts::id)))
            .filter(accounts::role.eq(Role::Reader.code()))
            .filter(accounts::disabled_at.is_null())
            .filter(accounts::id.gt(after))
            .into_boxed();
        if let Some(only) = only {
            query = query.filter(accounts::id.eq_any(only.to_vec()));
        }
        query
            .order(accounts::id)
            .limit(limit)
            .select((accounts::id, accounts::name, Option::<ProfileRow>::as_select()))
            .load(c)
    })?;
    Ok(found.into_iter().map(|(id, name, row)| (name, row.unwrap_or_else(|| ProfileRow::usual(id)))).collect())
}

/// Profiles after an id.
pub fn list_profiles(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<ReaderProfile>> {
    Ok(readers(conn, None, after, limit)?.into_iter().map(|(name, row)| row.wire(name)).collect())
}

/// One reader's profile; `None`: not an active reader.
pub fn profile(conn: &mut Conn, reader: AccountId) -> QueryResult<Option<ReaderProfile>> {
    Ok(readers(conn, Some(&[reader.0]), 0, 1)?.pop().map(|(name, row)| row.wire(name)))
}

/// Writes a profile over the version it was read at. `false`: somebody else was first.
pub fn set_profile(
    conn: &mut Conn,
    actor: Actor,
    reader: AccountId,
    wanted: &SetReaderProfileRequest,
    now: Instant,
) -> QueryResult<bool> {
    use reader_profiles as t;
    let workdays = wanted.workdays.iter().fold(0, |days, day| days | (1 << (day - 1)));
    let skills = serde_json::to_string(&wanted.skills).unwrap_or_default();
    let row = (
        t::lat_micro.eq(wanted.lat_micro),
        t::lng_micro.eq(wanted.lng_micro),
        t::datum.eq(wanted.datum.as_deref()),
        t::from_minute.eq(wanted.from_minute),
        t::until_minute.eq(wanted.until_minute),
        t::workdays.eq(workdays),
        t::capacity.eq(wanted.capacity),
        t::skills.eq(skills),
        t::version.eq(wanted.version + 1),
        t::changed_by.eq(actor.account.0),
        t::changed_at.eq(to_ms(now)),
    );
    let touched = if wanted.version == 0 {
        let made = (t::reader_id.eq(reader.0), row);
        each!(conn, c => diesel::insert_into(reader_profiles::table).values(made).on_conflict_do_nothing().execute(c))?
    } else {
        let mine = reader_profiles::table.find(reader.0).filter(t::version.eq(wanted.version));
        each!(conn, c => diesel::update(mine).set(row).execute(c))?
    };
    Ok(touched == 1)
}

type AbsenceRow = (i64, i64, NaiveDate, NaiveDate, String, i64, Option<i64>);

fn absence((id, reader_id, from_day, until_day, reason, created_by, withdrawn): AbsenceRow) -> Absence {
    let withdrawn_at = withdrawn.map(|at| Time(from_ms(at)));
    Absence { id, reader_id, from_day, until_day, reason, created_by, withdrawn_at }
}

/// Absences that end after a day.
pub fn list_absences(conn: &mut Conn, since: NaiveDate, after: i64, limit: i64) -> QueryResult<Vec<Absence>> {
    use reader_absences as t;
    let rows: Vec<AbsenceRow> = each!(conn, c => reader_absences::table
        .filter(t::until_day.gt(since))
        .filter(t::id.gt(after))
        .order(t::id)
        .limit(limit)
        .select((t::id, t::reader_id, t::from_day, t::until_day, t::reason, t::created_by, t::withdrawn_at))
        .load(c))?;
    Ok(rows.into_iter().map(absence).collect())
}

/// Who is away when, of the days from one to another.
pub fn absences_between(
    conn: &mut Conn,
    from: NaiveDate,
    until: NaiveDate,
) -> QueryResult<Vec<(i64, NaiveDate, NaiveDate)>> {
    use reader_absences as t;
    each!(conn, c => reader_absences::table
        .filter(t::until_day.gt(from))
        .filter(t::from_day.lt(until))
        .filter(t::withdrawn_at.is_null())
        .select((t::reader_id, t::from_day, t::until_day))
        .load(c))
}

/// Writes an absence down.
pub fn insert_absence(
    conn: &mut Conn,
    actor: Actor,
    reader: AccountId,
    wanted: &CreateAbsenceRequest,
    now: Instant,
) -> QueryResult<Absence> {
    use reader_absences as t;
    let row = (
        t::reader_id.eq(reader.0),
        t::from_day.eq(wanted.from_day),
        t::until_day.eq(wanted.until_day),
        t::reason.eq(wanted.reason.trim()),
        t::created_by.eq(actor.account.0),
        t::created_at.eq(to_ms(now)),
    );
    let id: i64 =
        each!(conn, c => diesel::insert_into(reader_absences::table).values(row).returning(t::id).get_result(c))?;
    let reason = wanted.reason.trim().to_owned();
    Ok(absence((id, reader.0, wanted.from_day, wanted.until_day, reason, actor.account.0, None)))
}

/// Takes an absence back; once it is, it stays so.
pub fn withdraw_absence(conn: &mut Conn, actor: Actor, id: i64, now: Instant) -> QueryResult<Option<Absence>> {
    use reader_absences as t;
    let open = reader_absences::table.find(id).filter(t::withdrawn_at.is_null());
    let change = (t::withdrawn_by.eq(actor.account.0), t::withdrawn_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(open).set(change).execute(c))?;
    let row: Option<AbsenceRow> = each!(conn, c => reader_absences::table
        .find(id)
        .select((t::id, t::reader_id, t::from_day, t::until_day, t::reason, t::created_by, t::withdrawn_at))
        .first(c)
        .optional())?;
    Ok(row.map(absence))
}

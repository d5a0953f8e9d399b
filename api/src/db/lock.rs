//! Row locks, taken in one order everywhere so that two writers never wait for each other in a circle.

use super::{Conn, Statement, Value};
use diesel::{QueryResult, RunQueryDsl};

/// What a transaction may lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lockable {
    /// A phone's sequence and clock.
    Devices,
    /// The facts from which a point's coverage and verdicts are decided.
    ServicePoints,
    /// A round and its stops.
    Rounds,
    /// A period's figures, to close it.
    Periods,
    /// The same, to add to them: many at once, none beside a closing.
    PeriodsShared,
    /// The head of the audit chain: the last thing a transaction locks.
    AuditHead,
}

impl Lockable {
    const fn statement(self) -> &'static str {
        match self {
            Self::Devices => "SELECT id FROM devices WHERE id ? ORDER BY id FOR UPDATE",
            Self::ServicePoints => "SELECT id FROM service_points WHERE id ? ORDER BY id FOR NO KEY UPDATE",
            Self::Periods => "SELECT period FROM coverage_periods WHERE period ? ORDER BY period FOR UPDATE",
            Self::PeriodsShared => "SELECT period FROM coverage_periods WHERE period ? ORDER BY period FOR SHARE",
            Self::Rounds => "SELECT id FROM rounds WHERE id ? ORDER BY id FOR UPDATE",
            Self::AuditHead => "SELECT id FROM audit_head WHERE id ? FOR UPDATE",
        }
    }
}

impl Conn {
    /// Locks rows until the transaction ends. SQLite has one writer at a time, so there is nothing to do there.
    ///
    /// # Errors
    /// The driver's; a deadlock or serialization failure makes the transaction run again.
    pub fn lock(&mut self, what: Lockable, ids: &[i64]) -> QueryResult<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let Self::Postgres(conn) = self else { return Ok(()) };
        let lock = Statement { sql: what.statement(), values: vec![Value::among(ids)] };
        lock.execute(&mut **conn).map(drop)
    }
}

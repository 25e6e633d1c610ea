//! Calls in SQLite.
use super::{Sqlite, id, or_taken};
use crate::{
    clock::UnixMs,
    storage::{CallRecord, Calls, Profile, StorageError},
};
use async_trait::async_trait;
use eyeline_protocol::{
    CallId, UserId,
    rest::{CallStatus, EndReason},
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{FromRow, SqliteExecutor};

/// `SELECT` of a [`CallRow`], to be followed by a condition.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT c.id, c.caller_device, c.callee_device, c.status, c.version, c.end_reason, c.created_at,
                    c.ring_until, c.accepted_at, c.ended_at,
                    a.id AS caller_id, a.username AS caller_username, a.display_name AS caller_display_name,
                    b.id AS callee_id, b.username AS callee_username, b.display_name AS callee_display_name
             FROM calls c JOIN users a ON a.id = c.caller_id JOIN users b ON b.id = c.callee_id ",
            $condition
        )
    };
}

#[derive(FromRow)]
struct CallRow {
    id: String,
    caller_id: String,
    caller_username: String,
    caller_display_name: String,
    callee_id: String,
    callee_username: String,
    callee_display_name: String,
    caller_device: String,
    callee_device: Option<String>,
    status: String,
    version: i64,
    end_reason: Option<String>,
    created_at: UnixMs,
    ring_until: UnixMs,
    accepted_at: Option<UnixMs>,
    ended_at: Option<UnixMs>,
}

impl CallRow {
    fn read(self) -> Result<CallRecord, StorageError> {
        Ok(CallRecord {
            id: id(&self.id)?,
            caller: Profile {
                id: id(&self.caller_id)?,
                username: self.caller_username,
                display_name: self.caller_display_name,
            },
            callee: Profile {
                id: id(&self.callee_id)?,
                username: self.callee_username,
                display_name: self.callee_display_name,
            },
            caller_device: id(&self.caller_device)?,
            callee_device: self.callee_device.as_deref().map(id).transpose()?,
            status: from_name(&self.status)?,
            version: self.version.unsigned_abs(),
            end_reason: self.end_reason.as_deref().map(from_name).transpose()?,
            created_at: self.created_at,
            ring_until: self.ring_until,
            accepted_at: self.accepted_at,
            ended_at: self.ended_at,
        })
    }
}

#[async_trait]
impl Calls for Sqlite {
    async fn insert_call(&self, call: &CallRecord) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO calls (id, caller_id, callee_id, caller_device, callee_device, status, version, end_reason,
                                created_at, ring_until, accepted_at, ended_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(call.id.to_string())
        .bind(call.caller.id.to_string())
        .bind(call.callee.id.to_string())
        .bind(call.caller_device.to_string())
        .bind(call.callee_device.map(|device| device.to_string()))
        .bind(name_of::<CallStatus>(&call.status)?)
        .bind(version(call.version))
        .bind(call.end_reason.as_ref().map(name_of::<EndReason>).transpose()?)
        .bind(call.created_at)
        .bind(call.ring_until)
        .bind(call.accepted_at)
        .bind(call.ended_at)
        .execute(&self.pool)
        .await
        .map_err(or_taken)?;
        Ok(())
    }

    async fn call(&self, id: CallId) -> Result<Option<CallRecord>, StorageError> {
        let row: Option<CallRow> =
            sqlx::query_as(select!("WHERE c.id = ?")).bind(id.to_string()).fetch_optional(&self.pool).await?;
        row.map(CallRow::read).transpose()
    }

    async fn update_call(&self, call: &CallRecord) -> Result<bool, StorageError> {
        let done = sqlx::query(
            "UPDATE calls SET callee_device = ?, status = ?, version = ?, end_reason = ?, accepted_at = ?, ended_at = ?
             WHERE id = ? AND version = ?",
        )
        .bind(call.callee_device.map(|device| device.to_string()))
        .bind(name_of::<CallStatus>(&call.status)?)
        .bind(version(call.version))
        .bind(call.end_reason.as_ref().map(name_of::<EndReason>).transpose()?)
        .bind(call.accepted_at)
        .bind(call.ended_at)
        .bind(call.id.to_string())
        .bind(version(call.version) - 1)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn live_calls(&self, user: UserId) -> Result<Vec<CallRecord>, StorageError> {
        read_all(
            &self.pool,
            sqlx::query_as(select!(
                "WHERE c.status <> 'ended' AND (c.caller_id = ?1 OR c.callee_id = ?1) ORDER BY c.id"
            ))
            .bind(user.to_string()),
        )
        .await
    }

    async fn all_live_calls(&self) -> Result<Vec<CallRecord>, StorageError> {
        read_all(&self.pool, sqlx::query_as(select!("WHERE c.status <> 'ended' ORDER BY c.id"))).await
    }

    async fn ended_calls(
        &self,
        user: UserId,
        before: Option<CallId>,
        limit: u32,
    ) -> Result<Vec<CallRecord>, StorageError> {
        read_all(
            &self.pool,
            sqlx::query_as(select!(
                "WHERE c.status = 'ended' AND (c.caller_id = ?1 OR c.callee_id = ?1) AND (?2 IS NULL OR c.id < ?2)
                 ORDER BY c.id DESC LIMIT ?3"
            ))
            .bind(user.to_string())
            .bind(before.map(|id| id.to_string()))
            .bind(limit),
        )
        .await
    }
}

type CallQuery<'q> = sqlx::query::QueryAs<'q, sqlx::Sqlite, CallRow, sqlx::sqlite::SqliteArguments>;

async fn read_all<'q>(
    executor: impl SqliteExecutor<'_>,
    query: CallQuery<'q>,
) -> Result<Vec<CallRecord>, StorageError> {
    query.fetch_all(executor).await?.into_iter().map(CallRow::read).collect()
}

fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// An enum's name on the wire, which is also its name in the database.
fn name_of<T: Serialize>(value: &T) -> Result<String, StorageError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        Ok(other) => Err(StorageError::Corrupt(other.to_string())),
        Err(error) => Err(StorageError::Corrupt(error.to_string())),
    }
}

fn from_name<T: DeserializeOwned>(name: &str) -> Result<T, StorageError> {
    serde_json::from_value(name.into()).map_err(|error| StorageError::Corrupt(error.to_string()))
}

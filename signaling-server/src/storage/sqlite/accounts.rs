//! Accounts and devices in SQLite.
use super::{Sqlite, id, or_taken};
use crate::{
    clock::UnixMs,
    storage::{Account, Accounts, NewToken, Profile, Rotation, StorageError, TokenHash},
};
use async_trait::async_trait;
use eyeline_protocol::{DeviceId, UserId};
use sqlx::{FromRow, Sqlite as Db, Transaction};

#[derive(FromRow)]
struct ProfileRow {
    id: String,
    username: String,
    display_name: String,
}

impl ProfileRow {
    fn read(self) -> Result<Profile, StorageError> {
        Ok(Profile { id: id(&self.id)?, username: self.username, display_name: self.display_name })
    }
}

#[derive(FromRow)]
struct AccountRow {
    #[sqlx(flatten)]
    profile: ProfileRow,
    password_hash: String,
}

#[derive(FromRow)]
struct TokenRow {
    #[sqlx(flatten)]
    user: ProfileRow,
    device_id: String,
    expires_at: UnixMs,
    spent: bool,
    /// The token that this one was exchanged for, where nobody has used that one.
    unused_successor: Option<Vec<u8>>,
    revoked: bool,
}

impl TokenRow {
    /// Whether the token may be exchanged, given that its device is signed in: it was not, or nobody got the answer.
    fn is_exchangeable(&self) -> bool {
        !self.spent || self.unused_successor.is_some()
    }
}

#[async_trait]
impl Accounts for Sqlite {
    async fn create_account(&self, account: &Account, now: UnixMs) -> Result<(), StorageError> {
        sqlx::query(
            "INSERT INTO users (id, username, display_name, password_hash, created_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(account.profile.id.to_string())
        .bind(&account.profile.username)
        .bind(&account.profile.display_name)
        .bind(&account.password_hash)
        .bind(now)
        .execute(&self.pool)
        .await
        .map_err(or_taken)?;
        Ok(())
    }

    async fn account(&self, username: &str) -> Result<Option<Account>, StorageError> {
        let row: Option<AccountRow> =
            sqlx::query_as("SELECT id, username, display_name, password_hash FROM users WHERE username = ?")
                .bind(username)
                .fetch_optional(&self.pool)
                .await?;
        row.map(|row| Ok(Account { profile: row.profile.read()?, password_hash: row.password_hash }))
            .transpose()
    }

    async fn profile(&self, user: UserId) -> Result<Option<Profile>, StorageError> {
        let row: Option<ProfileRow> =
            sqlx::query_as("SELECT id, username, display_name FROM users WHERE id = ?")
                .bind(user.to_string())
                .fetch_optional(&self.pool)
                .await?;
        row.map(ProfileRow::read).transpose()
    }

    async fn find_profiles(
        &self,
        query: &str,
        except: UserId,
        limit: u32,
    ) -> Result<Vec<Profile>, StorageError> {
        // `instr` and not LIKE: a query holds no wildcards.
        let rows: Vec<ProfileRow> = sqlx::query_as(
            "SELECT id, username, display_name FROM users
             WHERE id <> ?1 AND (instr(username, lower(?2)) > 0 OR instr(lower(display_name), lower(?2)) > 0)
             ORDER BY username LIMIT ?3",
        )
        .bind(except.to_string())
        .bind(query)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(ProfileRow::read).collect()
    }

    async fn add_device(
        &self,
        user: UserId,
        device: DeviceId,
        name: Option<&str>,
        token: NewToken,
        now: UnixMs,
    ) -> Result<(), StorageError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO devices (id, user_id, name, created_at) VALUES (?, ?, ?, ?)")
            .bind(device.to_string())
            .bind(user.to_string())
            .bind(name)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        add_token(&mut tx, &device.to_string(), token).await?;
        Ok(tx.commit().await?)
    }

    async fn device_is_active(&self, device: DeviceId) -> Result<bool, StorageError> {
        Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM devices WHERE id = ? AND revoked_at IS NULL)")
            .bind(device.to_string())
            .fetch_one(&self.pool)
            .await?)
    }

    async fn note_use(&self, device: DeviceId, issued_at: UnixMs) -> Result<bool, StorageError> {
        let row: Option<(bool, bool)> = sqlx::query_as(
            "SELECT d.revoked_at IS NULL, EXISTS (
                 SELECT 1 FROM refresh_tokens t
                 WHERE t.device_id = d.id AND t.successor IS NOT NULL AND t.spent_at <= ?2)
             FROM devices d WHERE d.id = ?1",
        )
        .bind(device.to_string())
        .bind(issued_at)
        .fetch_optional(&self.pool)
        .await?;
        let Some((active, has_unsettled)) = row else { return Ok(false) };
        if has_unsettled {
            sqlx::query("UPDATE refresh_tokens SET successor = NULL WHERE device_id = ? AND spent_at <= ?")
                .bind(device.to_string())
                .bind(issued_at)
                .execute(&self.pool)
                .await?;
        }
        Ok(active)
    }

    async fn rotate(&self, spent: TokenHash, next: NewToken, now: UnixMs) -> Result<Rotation, StorageError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let row: Option<TokenRow> = sqlx::query_as(
            "SELECT u.id, u.username, u.display_name, t.device_id, t.expires_at,
                    t.spent_at IS NOT NULL AS spent, n.hash AS unused_successor, d.revoked_at IS NOT NULL AS revoked
             FROM refresh_tokens t JOIN devices d ON d.id = t.device_id JOIN users u ON u.id = d.user_id
             LEFT JOIN refresh_tokens n ON n.hash = t.successor AND n.spent_at IS NULL
             WHERE t.hash = ?",
        )
        .bind(&spent[..])
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row.filter(|row| !row.revoked && row.expires_at > now) else {
            return Ok(Rotation::Refused);
        };
        let device = id(&row.device_id)?;
        if !row.is_exchangeable() {
            revoke_device(&mut tx, &row.device_id, now).await?;
            tx.commit().await?;
            return Ok(Rotation::Reused(device));
        }
        sqlx::query("UPDATE refresh_tokens SET spent_at = ?, successor = ? WHERE hash = ?")
            .bind(now)
            .bind(&next.hash[..])
            .bind(&spent[..])
            .execute(&mut *tx)
            .await?;
        // Kept as spent and without a successor, so that whoever does hold it gives a copy away by using it.
        if let Some(superseded) = &row.unused_successor {
            sqlx::query("UPDATE refresh_tokens SET spent_at = ? WHERE hash = ?")
                .bind(now)
                .bind(&superseded[..])
                .execute(&mut *tx)
                .await?;
        }
        // What has expired is refused either way and need not be kept to be recognised.
        sqlx::query("DELETE FROM refresh_tokens WHERE device_id = ? AND expires_at <= ?")
            .bind(&row.device_id)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        add_token(&mut tx, &row.device_id, next).await?;
        tx.commit().await?;
        Ok(Rotation::Rotated(row.user.read()?, device))
    }

    async fn revoke(&self, token: TokenHash, now: UnixMs) -> Result<Option<DeviceId>, StorageError> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let device: Option<String> =
            sqlx::query_scalar("SELECT device_id FROM refresh_tokens WHERE hash = ?")
                .bind(&token[..])
                .fetch_optional(&mut *tx)
                .await?;
        let Some(device) = device else { return Ok(None) };
        revoke_device(&mut tx, &device, now).await?;
        tx.commit().await?;
        id(&device).map(Some)
    }
}

async fn add_token(
    tx: &mut Transaction<'static, Db>,
    device: &str,
    token: NewToken,
) -> Result<(), StorageError> {
    sqlx::query("INSERT INTO refresh_tokens (hash, device_id, expires_at) VALUES (?, ?, ?)")
        .bind(&token.hash[..])
        .bind(device)
        .bind(token.expires_at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn revoke_device(
    tx: &mut Transaction<'static, Db>,
    device: &str,
    now: UnixMs,
) -> Result<(), StorageError> {
    sqlx::query("UPDATE devices SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
        .bind(now)
        .bind(device)
        .execute(&mut **tx)
        .await?;
    sqlx::query("DELETE FROM refresh_tokens WHERE device_id = ?").bind(device).execute(&mut **tx).await?;
    Ok(())
}

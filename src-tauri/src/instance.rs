//! One program for one data folder: two would share one session at the server and sign each other out.
//!
//! ```text
//!   first start:   lock `instance.lock` --> listen --> write port and token to `instance`
//!   second start:  lock refused --> read `instance` --> say the token --> the first shows its window --> one byte back
//! ```
//!
//! The system drops the lock with the process that held it, so that what a dead process left behind bars nobody.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use eyeline_client::private;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    net::Ipv4Addr,
    path::Path,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

const LOCK: &str = "instance.lock";
const NOTE: &str = "instance";
/// How long a second start waits for the answer of the first.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// How long a second start goes on while the first one neither answers nor ends: as long as that one may take to leave
/// (`window::LEAVE_LIMIT`), and then for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at a folder whose holder is just starting or just leaving. Neither tells when it is done.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Who knows the token says it at once; anybody else must not keep them waiting for long.
const TOKEN_LIMIT: Duration = Duration::from_millis(500);
/// 256 bits cannot be guessed.
const TOKEN_BYTES: usize = 32;
const SHOWN: u8 = 1;

/// To whom a data folder belongs.
#[derive(Debug)]
pub enum Claim {
    /// To this process, as long as it keeps this.
    Ours(Instance),
    /// To a process that has just shown its window.
    Theirs,
}

/// A data folder that no other process may use.
#[derive(Debug)]
pub struct Instance {
    /// What later starts of the program come to.
    pub door: Door,
    /// Locked until it is dropped.
    pub lock: File,
}

/// Where a later start of the program asks for the window.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    token: String,
}

/// Takes the folder for this process, or asks the process that has it to show its window.
///
/// # Errors
/// The folder cannot be written to, or its holder does not answer.
pub async fn claim(folder: &Path) -> io::Result<Claim> {
    settle(folder, PATIENCE).await
}

async fn settle(folder: &Path, patience: Duration) -> io::Result<Claim> {
    fs::create_dir_all(folder)?;
    let settled = async {
        loop {
            if let Some(instance) = take(folder).await? {
                return Ok(Claim::Ours(instance));
            }
            if ask(folder).await.is_ok() {
                return Ok(Claim::Theirs);
            }
            sleep(LOOK_AGAIN).await;
        }
    };
    let silent = || io::Error::new(ErrorKind::ResourceBusy, "another Eyeline uses it and does not answer");
    timeout(patience, settled).await.unwrap_or_else(|_| Err(silent()))
}

/// `None` where another process has the folder.
async fn take(folder: &Path) -> io::Result<Option<Instance>> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; TOKEN_BYTES]>());
    leave_note(folder, listener.local_addr()?.port(), &token)?;
    Ok(Some(Instance { door: Door { listener, token }, lock }))
}

fn leave_note(folder: &Path, port: u16, token: &str) -> io::Result<()> {
    private::replace(&folder.join(NOTE), format!("{port} {token}").as_bytes())
}

/// Asks the holder of the folder to show its window.
async fn ask(folder: &Path) -> io::Result<()> {
    let note = fs::read_to_string(folder.join(NOTE))?;
    let (port, token) = note.split_once(' ').ok_or(ErrorKind::InvalidData)?;
    let port: u16 = port.parse().map_err(|_| ErrorKind::InvalidData)?;
    let talk = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(token.as_bytes()).await?;
        stream.read_u8().await
    };
    match timeout(ANSWER_LIMIT, talk).await.map_err(|_| ErrorKind::TimedOut)?? {
        SHOWN => Ok(()),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

impl Door {
    /// Calls `show` for everybody who knows the token. They are told only if it returns `true`; somebody who is not
    /// told tries to have the folder for themselves.
    pub async fn answer(self, show: impl Fn() -> bool) {
        loop {
            let heard = match self.listener.accept().await {
                Ok((stream, _)) => timeout(TOKEN_LIMIT, self.hear(stream)).await,
                Err(error) => {
                    tracing::warn!(%error, "a second start of the program cannot be heard");
                    sleep(TOKEN_LIMIT).await;
                    continue;
                }
            };
            let Ok(Ok(Some(mut stream))) = heard else {
                tracing::debug!("somebody without the token asked for the window");
                continue;
            };
            // Who has gone meanwhile needs no answer.
            if show() && stream.write_u8(SHOWN).await.is_ok() {
                tracing::info!("shown to a second start of the program");
            }
        }
    }

    /// Gives the stream back if the token comes out of it.
    async fn hear(&self, mut stream: TcpStream) -> io::Result<Option<TcpStream>> {
        let mut said = vec![0; self.token.len()];
        stream.read_exact(&mut said).await?;
        Ok((said == self.token.as_bytes()).then_some(stream))
    }
}

#[cfg(test)]
#[path = "instance_tests.rs"]
mod tests;

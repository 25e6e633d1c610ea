//! `eyeline-server`: the signaling server as a program.
use anyhow::{Context, bail};
use clap::Parser;
use eyeline_server::{
    Config, Server,
    config::{DEFAULT_LISTEN, DEFAULT_STUN, Turn, TurnCredential},
};
use std::{
    io::IsTerminal as _,
    net::{SocketAddr, ToSocketAddrs as _},
    path::PathBuf,
    time::Duration,
};
use tracing_subscriber::EnvFilter;

/// Signaling server for 1:1 video calls: accounts, presence, calls and the relay of their negotiation.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "EYELINE_LISTEN", default_value = DEFAULT_LISTEN, value_parser = listen)]
    listen: SocketAddr,
    /// Where the database and the keys live [default: the platform's data directory].
    #[arg(long, env = "EYELINE_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// How long a call rings, in seconds.
    #[arg(long, env = "EYELINE_RING_TIMEOUT_S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    ring_timeout_s: u64,
    /// Requests a minute from one address to sign in or up; and so many, counted apart, to refresh or sign out.
    #[arg(long, env = "EYELINE_AUTH_PER_MINUTE", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    auth_per_minute: u32,
    /// A STUN server for clients; give it again for more, or `none` for none at all.
    #[arg(long, env = "EYELINE_STUN", value_delimiter = ',', default_values = DEFAULT_STUN, value_parser = stun)]
    stun: Vec<String>,
    /// A TURN server for clients, as a turn: or turns: URI; give it again for more addresses of the same server.
    #[arg(long, env = "EYELINE_TURN", value_delimiter = ',', value_parser = turn)]
    turn: Vec<String>,
    /// The secret shared with the TURN server (coturn: static-auth-secret).
    #[arg(long, env = "EYELINE_TURN_SECRET", hide_env_values = true, requires = "turn")]
    turn_secret: Option<String>,
    /// A fixed user name for the TURN server.
    #[arg(long, env = "EYELINE_TURN_USERNAME", requires = "turn_credential", conflicts_with = "turn_secret")]
    turn_username: Option<String>,
    /// The password that goes with the fixed user name.
    #[arg(long, env = "EYELINE_TURN_CREDENTIAL", hide_env_values = true, requires = "turn_username")]
    turn_credential: Option<String>,
}

/// An address with its port, such as `0.0.0.0:8000`, `[::]:8000` or `localhost:8000`.
fn listen(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| "expected an address of this machine and a port, such as 0.0.0.0:8000".to_owned())
}

/// RFC 7064, or `none`.
fn stun(text: &str) -> Result<String, String> {
    let known = text == "none" || uri(text, &["stun", "stuns"]);
    known.then(|| text.to_owned()).ok_or_else(|| "expected stun:HOST[:PORT], or none".to_owned())
}

/// RFC 7065.
fn turn(text: &str) -> Result<String, String> {
    let known = uri(text, &["turn", "turns"]);
    known.then(|| text.to_owned()).ok_or_else(|| "expected turn:HOST[:PORT][?transport=udp|tcp]".to_owned())
}

fn uri(text: &str, schemes: &[&str]) -> bool {
    let parts = text.split_once(':').filter(|(_, host)| !host.is_empty() && !host.starts_with('/'));
    parts.is_some_and(|(scheme, _)| schemes.contains(&scheme))
}

impl Args {
    fn into_config(self) -> anyhow::Result<Config> {
        let credential = match (self.turn_secret, self.turn_username, self.turn_credential) {
            (Some(secret), _, _) => Some(TurnCredential::Secret(secret)),
            (None, Some(username), Some(credential)) => Some(TurnCredential::Fixed { username, credential }),
            (None, _, _) => None,
        };
        let turn = match (self.turn.is_empty(), credential) {
            (true, _) => None,
            (false, Some(credential)) => Some(Turn { urls: self.turn, credential }),
            (false, None) => bail!("--turn needs --turn-secret, or --turn-username and --turn-credential"),
        };
        Ok(Config {
            listen: self.listen,
            data_dir: self.data_dir,
            ring_timeout: Duration::from_secs(self.ring_timeout_s),
            auth_per_minute: self.auth_per_minute,
            stun: self.stun.into_iter().filter(|url| url != "none").collect(),
            turn,
            ..Config::default()
        })
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let config = Args::parse().into_config()?;
    let server = Server::bind(config).await?;
    if !server.local_addr.ip().is_loopback() {
        tracing::warn!(
            "plain HTTP beyond this machine: put a TLS proxy in front before you use it over the internet"
        );
    }
    // For programs that start a server and wait for its address.
    println!("eyeline-server: listening on http://{}", server.local_addr);
    server.run(asked_to_stop()?).await.context("server stopped")
}

/// Resolves on Ctrl-C, and on SIGTERM where there is such a thing.
fn asked_to_stop() -> anyhow::Result<impl Future<Output = ()> + Send> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn config(args: &[&str]) -> anyhow::Result<Config> {
        Args::try_parse_from([&["eyeline-server"], args].concat())?.into_config()
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn stun_servers_can_be_replaced_or_left_out() {
        assert_eq!(config(&["--stun", "stun:a", "--stun", "stun:b"]).unwrap().stun, ["stun:a", "stun:b"]);
        assert!(config(&["--stun", "none"]).unwrap().stun.is_empty());
        assert_eq!(config(&[]).unwrap().stun, DEFAULT_STUN);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for wrong in [
            ["--listen", "8000"],
            ["--stun", "http://a"],
            ["--stun", "stun:"],
            ["--turn", "a.example"],
            ["--ring-timeout-s", "0"],
            ["--auth-per-minute", "0"],
        ] {
            assert!(config(&wrong).is_err(), "{wrong:?}");
        }
        assert!(config(&["--listen", "localhost:8000"]).unwrap().listen.ip().is_loopback());
    }

    #[test]
    fn a_turn_server_needs_a_credential() {
        assert!(config(&["--turn", "turn:a"]).is_err());
        assert!(config(&["--turn", "turn:a", "--turn-username", "u"]).is_err());
        assert!(config(&["--turn", "turn:a", "--turn-secret", "s"]).unwrap().turn.is_some());
    }
}

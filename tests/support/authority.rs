//! A certificate authority of the test's own.
use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// An authority and the one certificate that it has given.
pub struct Authority {
    folder: TempDir,
}

impl Authority {
    /// With a certificate for a server at this address.
    pub fn certify(address: IpAddr) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let extensions = format!("subjectAltName=IP:{address}\nbasicConstraints=CA:FALSE\n");
        fs::write(folder.path().join("extensions"), extensions).expect("a folder of one's own");
        for words in [
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Authority -keyout ca.key -out ca.pem",
            "req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr",
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.pem",
        ] {
            openssl(words, folder.path());
        }
        Self { folder }
    }

    /// Its own certificate, which clients are to trust (`SSL_CERT_FILE` on Linux).
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The server's certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// The server's private key.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }
}

fn openssl(words: &str, folder: &Path) {
    let out = Command::new("openssl").args(words.split(' ')).current_dir(folder).output();
    let out = out.expect("openssl can be run");
    assert!(out.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&out.stderr));
}

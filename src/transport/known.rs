//! What ssh knows of a machine before it is reached: the host keys in its known_hosts files.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::destination::Destination;

/// The fingerprints of the host keys that ssh takes for a destination, sorted.
///
/// Every login here is strict: the server has shown one of these. Empty where ssh takes the server for another
/// reason (a certificate, a program that knows), or the two programs that are asked cannot say; a machine is then
/// told by its id alone. Nothing is contacted.
pub(super) async fn host_keys(destination: &Destination) -> Vec<String> {
    let mut ask = Command::new("ssh");
    ask.arg("-G").args(destination.arguments());
    let said = said(&mut ask).await;
    let (mut alias, mut name, mut port) = (None, None, "22");
    let mut files = Vec::new();
    for line in said.lines() {
        match line.split_once(' ') {
            Some(("hostkeyalias", value)) => alias = Some(value),
            Some(("hostname", value)) => name = Some(value),
            Some(("port", value)) => port = value,
            Some(("userknownhostsfile" | "globalknownhostsfile", value)) => {
                files.extend(value.split(' ').map(whole));
            }
            _ => {}
        }
    }
    let Some(name) = name.filter(|name| !name.starts_with('-')) else {
        return Vec::new();
    };
    let name = match (alias, port) {
        (Some(alias), _) => alias.to_owned(),
        (None, "22") => name.to_owned(),
        (None, port) => format!("[{name}]:{port}"),
    };
    let mut keys = Vec::new();
    for file in files.into_iter().filter(|file| Path::new(file).is_file()) {
        let mut look = Command::new("ssh-keygen");
        look.args(["-l", "-F", &name, "-f", &file]);
        let found = self::said(&mut look).await;
        let prints = found
            .split_whitespace()
            .filter(|word| word.starts_with("SHA256:"));
        keys.extend(prints.map(ToOwned::to_owned));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// A file as ssh names it; `~/` is the home folder.
fn whole(file: &str) -> String {
    let home = file.strip_prefix("~/").zip(std::env::var("HOME").ok());
    home.map_or_else(|| file.to_owned(), |(rest, home)| format!("{home}/{rest}"))
}

/// What a program says; nothing where it cannot be had or fails.
async fn said(command: &mut Command) -> String {
    command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    match command.output().await {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(_) => String::new(),
    }
}

//! A link that is lost while a step runs behind it.

use std::fs;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::spawn;

use super::home::{Home, RUN, step, until};
use super::sshd::Sshd;
use super::tty::Tty;

/// A way to another port that can be cut. It stays for as long as the tests run.
struct Way {
    port: u16,
    /// The connections that are up; none while the way is cut.
    up: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Way {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Self {
            port: listener.local_addr().unwrap().port(),
            up: Arc::new(Mutex::new(Some(Vec::new()))),
        };
        let up = way.up.clone();
        spawn(move || {
            for client in listener.incoming().flatten() {
                let mut up = up.lock().unwrap_or_else(PoisonError::into_inner);
                // A connection that breaks is what this is for; one that comes while it is cut is closed at once.
                if let Some(up) = &mut *up {
                    up.extend(carry(client, port).into_iter().flatten());
                }
            }
        });
        way
    }

    fn cut(&self) {
        let up = self
            .up
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        for side in up.into_iter().flatten() {
            // It may have gone by itself.
            let _ = side.shutdown(Shutdown::Both);
        }
    }

    fn mend(&self) {
        *self.up.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }
}

/// Carries bytes both ways; gives both ends.
fn carry(client: TcpStream, port: u16) -> io::Result<[TcpStream; 2]> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    let ends = [client.try_clone()?, server.try_clone()?];
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        spawn(move || {
            let carried = io::copy(&mut from, &mut to);
            drop((carried, to.shutdown(Shutdown::Write)));
        });
    }
    Ok(ends)
}

#[test]
fn a_lost_link_is_told_comes_back_and_the_step_is_not_repeated() {
    let Some(sshd) = Sshd::start() else { return };
    let way = Way::to(sshd.port);
    sshd.know("host", way.port);
    sshd.come_as("user", way.port);
    let config = sshd.at("ssh_config").display().to_string();
    let steps = [step(
        "far",
        "do.command.run = 'echo ran >>\"$BOOK/count\"; until [ -e \"$BOOK/go\" ]; do sleep 0.05; done; echo it is over'\n\
         undo = { nothing = \"it waits\" }\nverify = [{ command = 'cat \"$BOOK/count\"', equals = \"ran\" }]",
    )];
    let hosts = format!("hosts.here = {{ ssh = \"lab\", config = \"{config}\" }}");
    let home = Home::bound("", &steps, &hosts);
    let tty = Tty::runsheet(&home, &RUN);
    tty.wait_for("Enter says yes to exactly this").yes();
    until("it runs", || home.text("count") == "ran\n");
    tty.wait_for("● running");
    way.cut();
    tty.wait_for("LINK LOST").wait_for("running when last seen");
    // Eighty columns have room for the reason, and not for a token before it.
    tty.wait_for("here (lab): the other side closed");
    // It ends while nobody can see it.
    fs::write(home.book("go"), "").unwrap();
    way.mend();
    tty.wait_for("1 step: 1 proved");
    assert!(!tty.screen().contains("LINK LOST"), "{}", tty.screen());
    assert_eq!(home.text("count"), "ran\n");
    assert_eq!(
        (home.recorded("link-lost"), home.recorded("link-back")),
        (1, 1)
    );
}

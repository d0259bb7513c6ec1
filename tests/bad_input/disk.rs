//! A disk that is full while a run goes on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::home::{Home, TWO_STEPS, WALK, until};
use super::records::go_on;
use super::sshd::Sshd;

/// A small file system in memory; taken away with the test.
struct Small(PathBuf);

impl Small {
    /// `None`, and a word about it, where it cannot be mounted.
    fn mount(home: &Home) -> Option<Self> {
        let path = home.path().join("small");
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "runsheet-test"])
            .arg(&path)
            .output();
        match mounted {
            Ok(done) if done.status.success() => {}
            other => {
                eprintln!(
                    "SKIPPED: a full disk was not tested, because mounting one needs root: {other:?}"
                );
                return None;
            }
        }
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        Some(Self(path))
    }

    /// Leaves not one byte of room.
    fn fill(&self) {
        use std::io::Write;
        let mut file = fs::File::create(self.0.join("ballast")).unwrap();
        let block = [7_u8; 4096];
        while file.write_all(&block).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let gone = Command::new("umount").arg("-l").arg(&self.0).status();
        if !gone.is_ok_and(|status| status.success()) {
            eprintln!("{} is still mounted", self.0.display());
        }
    }
}

#[test]
fn a_full_disk_stops_the_engine_at_its_last_record_and_the_run_goes_on_with_room() {
    let mut home = Home::with_two_steps();
    // The machine behind ssh keeps its receipts on a disk of its own, which is not full.
    let Some(sshd) = Sshd::start() else { return };
    let Some(small) = Small::mount(&home) else {
        return;
    };
    home.environment(&sshd.binding());
    let prints = TWO_STEPS.replace(
        "|| echo 0)\"'",
        "|| echo 0)\"; head -c 300000 /dev/zero | tr \"\\0\" x'",
    );
    assert_ne!(prints, TWO_STEPS);
    home.write("two.toml", prints);
    home.set("XDG_STATE_HOME", small.0.clone());
    home.slow(4);
    let walk = home.start(&WALK);
    let run = walk.until_said("run ").run();
    until("the second step runs", || home.counted().1 == 1);
    small.fill();
    let said = walk.end();
    said.expect(
        5,
        &[
            "No space left on device",
            "make room",
            &format!("runsheet attach {run}"),
        ],
    );
    // What is on disk is whole, or torn at its end where the write stopped half-way; reading says which.
    home.runsheet(&["show", &run])
        .expect(0, &["no engine holds it"]);
    let opened = home.walk();
    opened.expect(1, &["No space left on device"]);
    small.make_room();
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
    let kept = fs::read(home.folder(&run).join("output/second.1.web.0")).unwrap();
    assert_eq!(
        kept.len(),
        7 + 300_000,
        "what the machine still had was fetched"
    );
    drop(small);
}

//! The programs of a guard, run by real shells; above all that it fires or is kept, and never both.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::kinds::KINDS;
use crate::kinds::testing::Stand;
use crate::probe::testing;

/// The kind `command`, as an undo.
fn command(value: &str) -> Box<dyn Action> {
    let kind = KINDS.iter().find(|kind| kind.name == "command").unwrap();
    (kind.parse)(toml::de::ValueDeserializer::parse(value).unwrap()).unwrap()
}

/// What a guarded step runs on this machine: the legs, and the folder that they work in.
struct Guarded {
    folder: tempfile::TempDir,
    stand: Stand,
    arm: Leg,
    keep: Leg,
}

impl Guarded {
    fn new(undo: &str, after: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut stand = Stand::new();
        stand.set("ROOT", folder.path().to_str().unwrap());
        let mut proposal = command("{ run = 'true' }")
            .propose(&stand.moment(), &[])
            .unwrap();
        let undo = command(undo);
        proposal
            .guard(&stand.moment(), undo.as_ref(), 60, false)
            .unwrap();
        let [mut arm, own, keep] = <[Leg; 3]>::try_from(proposal.legs).unwrap();
        assert_eq!(own.guard, None);
        assert_eq!(arm.guard, Some(GuardLeg::Arm { seconds: 60 }));
        assert_eq!(keep.guard, Some(GuardLeg::Keep));
        let seconds = arm
            .env
            .iter_mut()
            .find(|(name, _)| name == "RUNSHEET_AFTER");
        seconds.unwrap().1 = after.to_owned();
        Self {
            folder,
            stand,
            arm,
            keep,
        }
    }

    fn run(&self, leg: &Leg) -> (i32, String) {
        self.run_by("sh", leg)
    }

    fn run_by(&self, shell: &str, leg: &Leg) -> (i32, String) {
        let mut env = self.stand.values.environment();
        env.extend(leg.env.iter().cloned());
        let state = self.folder.path().to_str().unwrap().to_owned();
        env.push(("XDG_STATE_HOME".to_owned(), state));
        let reply = testing::run(shell, &leg.text, &env);
        (reply.code, reply.text())
    }

    /// The same attempt later, or another program of the guard.
    fn attempt(&self, leg: &Leg, attempt: u32) -> Leg {
        let mut leg = leg.clone();
        let name = leg
            .env
            .iter_mut()
            .find(|(name, _)| name == "RUNSHEET_GUARD");
        let name = &mut name.unwrap().1;
        *name = format!("{}{attempt}", &name[..name.len() - 1]);
        leg
    }

    fn let_go(&self) -> Leg {
        let mut back = command("{ run = 'true' }")
            .propose(&self.stand.moment(), &[])
            .unwrap();
        back.let_go(&self.stand.moment());
        assert_eq!(back.legs[0].guard, Some(GuardLeg::LetGo));
        back.legs.remove(0)
    }

    fn has(&self, file: &str) -> bool {
        self.folder.path().join(file).exists()
    }

    fn wait_for(&self, file: &str) {
        for _ in 0..500 {
            if self.has(file) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{file} never came");
    }
}

const MARK: &str = r#"{ run = 'echo back; : >"$ROOT/back"' }"#;

#[test]
fn a_change_that_is_kept_in_time_stays() {
    let busybox = tempfile::tempdir().unwrap();
    let ash = busybox.path().join("ash");
    std::os::unix::fs::symlink("/bin/busybox", &ash).unwrap();
    let mut shells = vec!["dash", "bash"];
    match ash.exists() {
        true => shells.extend(ash.to_str()),
        false => eprintln!("SKIPPED: no busybox here, the programs ran under dash and bash only"),
    }
    for shell in shells {
        let it = Guarded::new(MARK, "0.3");
        let (code, said) = it.run_by(shell, &it.arm);
        assert_eq!(code, 0, "{said}");
        assert!(said.starts_with("armed: "), "{said}");
        let (code, said) = it.run_by(shell, &it.keep);
        assert_eq!(code, 0, "{said}");
        // Said twice it is the same, as after a start that was sent again.
        assert_eq!(it.run_by(shell, &it.keep).0, 0);
        std::thread::sleep(Duration::from_millis(600));
        assert!(!it.has("back"), "it was taken back all the same");
    }
}

#[test]
fn a_change_that_nobody_keeps_is_taken_back_and_whoever_comes_late_is_told() {
    let cases = [
        (MARK, 3, "exit code 0"),
        (
            r#"{ run = ': >"$ROOT/back"; exit 7', ok-codes = [7] }"#,
            3,
            "exit code 7",
        ),
        (
            r#"{ run = 'echo no; : >"$ROOT/back"; exit 7', shell = 'bash' }"#,
            4,
            "exit code 7",
        ),
    ];
    for (undo, code, says) in cases {
        let it = Guarded::new(undo, "0.1");
        assert_eq!(it.run(&it.arm).0, 0);
        it.wait_for("back");
        let (late, said) = it.run(&it.keep);
        assert_eq!(late, code, "{said}");
        assert!(said.contains(says), "{said}");
        assert!(GuardLeg::Keep.fired(late).is_some());
        // The way back and another try go on, having told it.
        let (let_go, said) = it.run(&it.let_go());
        assert_eq!((let_go, said.contains("exit code")), (0, true), "{said}");
    }
}

#[test]
fn whoever_keeps_a_change_while_its_guard_fires_is_told_how_that_ended() {
    let it = Guarded::new(
        r#"{ run = ': >"$ROOT/begun"; sleep 0.5; : >"$ROOT/back"' }"#,
        "0.1",
    );
    assert_eq!(it.run(&it.arm).0, 0);
    it.wait_for("begun");
    let (code, said) = it.run(&it.keep);
    assert_eq!(code, 3, "{said}");
    assert!(it.has("back"), "told before it had ended");
}

#[test]
fn another_try_arms_anew_and_the_way_back_lets_go() {
    let it = Guarded::new(MARK, "0.4");
    assert_eq!(it.run(&it.arm).0, 0);
    let again = it.attempt(&it.arm, 2);
    let (code, said) = it.run(&again);
    assert!(
        code == 0 && said.contains("let go of the guard of attempt 1"),
        "{said}"
    );
    let (code, said) = it.run(&it.let_go());
    assert!(
        code == 0 && said.contains("let go of the guard of attempt 2"),
        "{said}"
    );
    assert_eq!(
        it.run(&it.attempt(&it.keep, 2)).0,
        0,
        "let go of is let go of"
    );
    std::thread::sleep(Duration::from_millis(700));
    assert!(!it.has("back"));
}

#[test]
fn a_guard_that_is_not_there_is_not_taken_for_one_that_was_let_go() {
    let it = Guarded::new(MARK, "60");
    let (code, said) = it.run(&it.keep);
    assert_eq!(code, 5, "{said}");
    // A full disk: the fence is there, and its word is not.
    let guards = it.folder.path().join("runsheet/guards");
    std::fs::create_dir_all(&guards).unwrap();
    let name = &it.keep.env[0].1;
    std::fs::write(guards.join(name), "").unwrap();
    std::fs::write(guards.join(format!("{name}_word")), "").unwrap();
    let (code, said) = it.run(&it.keep);
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("full disk"), "{said}");
}

#[test]
fn nothing_of_a_guard_is_seen_by_others_and_no_value_is_in_an_argument() {
    use std::os::unix::fs::PermissionsExt;
    let it = Guarded::new(MARK, "60");
    assert_eq!(it.run(&it.arm).0, 0);
    let guards = it.folder.path().join("runsheet/guards");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(&guards), 0);
    let file = guards.join(&it.arm.env[0].1);
    assert_eq!(mode(&file), 0);
    let words = std::fs::read_to_string(&file).unwrap();
    let pid = words.split(' ').next().unwrap();
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    let root = it.folder.path().to_str().unwrap();
    assert!(!String::from_utf8_lossy(&line).contains(root));
    assert_eq!(it.run(&it.keep).0, 0);
    // The sleeper sleeps on for its minute, and does nothing then; here it is ended, being our own.
    let status = std::process::Command::new("pkill")
        .args(["-P", pid])
        .status();
    assert!(status.unwrap().success());
}

/// Races so many guards against whoever keeps the change; how many were kept, and how many fired.
fn race(rounds: u64, broken: bool) -> Result<(u32, u32), String> {
    let one = |number: u64| -> Result<bool, String> {
        let mut it = Guarded::new(MARK, "0.2");
        if broken {
            for leg in [&mut it.arm, &mut it.keep] {
                leg.text = leg.text.replace("set -C; ", "");
            }
        }
        assert_eq!(it.run(&it.arm).0, 0);
        // Around the moment when it fires, as far as two processes can meet there.
        std::thread::sleep(Duration::from_millis(20 + number * 7 % 180));
        let (code, said) = it.run(&it.keep);
        if code == 0 {
            std::thread::sleep(Duration::from_millis(300));
        }
        match (code, it.has("back")) {
            (0, false) => Ok(true),
            (3, true) => Ok(false),
            (code, back) => Err(format!("told {code}, taken back: {back}: {said}")),
        }
    };
    let mut ends = Vec::new();
    for batch in 0..rounds.div_ceil(20) {
        std::thread::scope(|scope| {
            let numbers = batch * 20..rounds.min(batch * 20 + 20);
            let racing: Vec<_> = numbers.map(|n| scope.spawn(move || one(n))).collect();
            ends.extend(racing.into_iter().map(|end| end.join().unwrap()));
        });
    }
    let ends = ends.into_iter().collect::<Result<Vec<bool>, _>>()?;
    let kept = ends.iter().filter(|kept| **kept).count();
    let count = |number: usize| u32::try_from(number).unwrap();
    Ok((count(kept), count(ends.len() - kept)))
}

#[test]
fn two_hundred_guards_fire_or_are_kept_and_never_both() {
    let (kept, fired) = race(200, false).unwrap();
    println!("guards: 200 raced, {kept} kept, {fired} fired, 0 both or neither");
    assert!(kept > 0 && fired > 0, "{kept} kept, {fired} fired: no race");
}

#[test]
fn a_guard_without_its_fence_is_caught_by_the_same_race() {
    race(40, true).unwrap_err();
}

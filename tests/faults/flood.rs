//! Floods: ten million lines, one line of a gigabyte, and bytes that are no text. The file has every byte, and
//! the engine needs no more memory for it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::rig::{Rig, Which};
use super::size::{told, tries};
use super::witness::Witness;

/// The most that an engine may need beyond what it needed before, in bytes.
const MORE: u64 = 64 << 20;

/// The most memory that a process has had since the last [`forget_peak`], in bytes: VmHWM of proc(5).
fn peak(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .expect("a number of kB");
    kib * 1024
}

/// Lets the kernel count the peak anew from here on.
fn forget_peak(pid: u32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("a process of ours");
}

/// The digest of a file or of anything else that can be read.
fn digest(mut from: impl Read) -> [u8; 32] {
    let mut sum = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match from.read(&mut piece).expect("it can be read") {
            0 => return sum.finalize().into(),
            read => sum.update(&piece[..read]),
        }
    }
}

fn file_digest(path: &Path) -> [u8; 32] {
    digest(File::open(path).expect("a file"))
}

/// What each step must have printed, made here without the step.
fn expected(step: &str, (lines, line): (u64, u64), random: &Path) -> [u8; 32] {
    match step {
        "lines" => {
            let mut sum = Sha256::new();
            let mut piece = String::new();
            for number in 1..=lines {
                piece.push_str(&number.to_string());
                piece.push('\n');
                if piece.len() > 1 << 20 || number == lines {
                    sum.update(piece.as_bytes());
                    piece.clear();
                }
            }
            sum.finalize().into()
        }
        "line" => digest(std::io::repeat(b'x').take(line)),
        _ => file_digest(random),
    }
}

/// How much a process needs more while it keeps all that it reads: the control.
fn hoarder() -> u64 {
    let keeps = "read go; kept=$(head -c 150000000 /dev/zero | tr '\\0' x); echo kept; read go";
    let mut child = Command::new("sh")
        .args(["-c", keeps])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let (mut to, mut from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    forget_peak(child.id());
    let before = peak(child.id());
    to.write_all(b"go\n").unwrap();
    from.read_exact(&mut [0; 5]).unwrap();
    let more = peak(child.id()).saturating_sub(before);
    to.write_all(b"go\n").unwrap();
    child.wait().unwrap();
    more
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_kept_to_its_last_byte_and_costs_no_memory() {
    let sizes = (tries(10_000_000, 50_000_000), tries(1 << 30, 4 << 30));
    let rig = Rig::new(&[
        ("lines", &format!("seq {}", sizes.0)),
        (
            "line",
            &format!("head -c {} /dev/zero | tr '\\0' x", sizes.1),
        ),
        (
            "random",
            "head -c 100000000 /dev/urandom | tee COUNT.random",
        ),
    ]);
    let mut engine = rig.start(Which::Real);
    let mut ana = Witness::of(&rig);
    ana.until(&rig, |ana| ana.connected).await;
    let mut worst = 0;
    let mut kept = Vec::new();
    for (number, step) in ["lines", "line", "random"].into_iter().enumerate() {
        forget_peak(engine.id());
        let before = peak(engine.id());
        ana.walk_past(&rig, number).await;
        worst = peak(engine.id()).saturating_sub(before).max(worst);
        let file = rig.folder().join(format!("output/{step}.1.here.0"));
        let found = file_digest(&file);
        let wanted = expected(step, sizes, &rig.path("count.random"));
        assert!(found == wanted, "{step} is not what was printed");
        let hex: String = found.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            rig.lines()
                .iter()
                .any(|line| line.contains("leg-ended") && line.contains(&hex)),
            "the record commits to {step}"
        );
        kept.push((file, found));
    }
    assert!(worst < MORE, "the engine needed {worst} bytes more");

    let (file, found) = &kept[2];
    let changed = File::options().read(true).write(true).open(file).unwrap();
    let mut byte = [0];
    changed.read_exact_at(&mut byte, 50_000_000).unwrap();
    changed.write_all_at(&[!byte[0]], 50_000_000).unwrap();
    assert!(file_digest(file) != *found, "another byte must be seen");
    let hoarded = hoarder();
    assert!(
        hoarded > MORE,
        "a hoarder must be caught, and needed {hoarded}"
    );
    // The run is not ended: its folder goes, and its engine with it.
    engine.kill().expect("it is killed");
    engine.wait().expect("its end");
    told(
        "floods",
        &format!(
            "{} lines, a line of {} bytes, 100 MB of random bytes: whole, the engine's peak {} KiB more; control: a \
             process that keeps 150 MB needed {} KiB more, a changed byte was seen",
            sizes.0,
            sizes.1,
            worst / 1024,
            hoarded / 1024
        ),
    );
}

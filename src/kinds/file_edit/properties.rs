//! Every edit on made-up files, through the programs that run on a machine: made, taken back, and all as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use proptest::prelude::*;

use super::tests::{Stage, action};
use crate::edit::made_up::{self, MadeUp};
use crate::probe::{Holds, complaint};

/// What must be the same afterwards.
fn picture(stage: &Stage) -> (Vec<u8>, u32, u32, u32, u64, usize) {
    let meta = fs::symlink_metadata(&stage.path).unwrap();
    let names = fs::read_dir(stage.path.parent().unwrap()).unwrap().count();
    let bytes = fs::read(&stage.path).unwrap();
    (
        bytes,
        meta.uid(),
        meta.gid(),
        meta.mode(),
        meta.nlink(),
        names,
    )
}

/// Makes an edit and takes it back; an edit that is refused changes nothing either.
fn there_and_back(kind: &str, keys: &str, text: &str, mode: u32) -> Result<bool, TestCaseError> {
    let mut stage = Stage::new(text);
    if rustix::process::geteuid().is_root() {
        chown(&stage.path, Some(mode + 1), Some(mode + 2)).unwrap();
    }
    fs::set_permissions(&stage.path, fs::Permissions::from_mode(mode)).unwrap();
    let before = picture(&stage);
    let action = action(kind, keys);
    let Ok(proposal) = stage.stand.propose(&*action) else {
        prop_assert_eq!(picture(&stage), before);
        return Ok(false);
    };
    if proposal.already.is_some() {
        return Ok(false);
    }
    let reply = stage.stand.run(&proposal.legs[0], &[]);
    prop_assert_eq!(reply.code, 0, "{}", complaint(&reply));
    let made = picture(&stage);
    prop_assert_ne!(&made.0, &before.0);
    prop_assert_eq!(
        (made.1, made.2, made.3, made.4, made.5),
        (before.1, before.2, before.3, before.4, before.5)
    );
    prop_assert_eq!(stage.proof(&*action).holds, Holds::Yes);
    stage.stand.left = proposal.leaves.clone();
    let back = stage
        .stand
        .propose(&*action.derived_undo().unwrap())
        .unwrap();
    let reply = stage.stand.run(&back.legs[0], &[]);
    prop_assert_eq!(reply.code, 0, "{}", complaint(&reply));
    prop_assert_eq!(picture(&stage), before);
    Ok(true)
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_yaml_value_is_set_and_taken_back_to_the_byte(
        file in made_up::yaml(), which in any::<prop::sample::Index>(), value in "[ -z]{0,12}", mode in 0o400_u32..0o1000,
    ) {
        let MadeUp { text, paths } = file;
        prop_assume!(!paths.is_empty());
        let path: Vec<String> = which.get(&paths).iter().map(|key| format!("\"{key}\"")).collect();
        let keys = format!("path = {}, set = {}", quoted(&path.join(".")), quoted(&value));
        there_and_back("yaml", &keys, &text, mode)?;
    }

    #[test]
    fn an_upstream_is_led_elsewhere_and_back_to_the_byte(text in made_up::nginx(), secure in any::<bool>(), mode in 0o400_u32..0o1000) {
        let scheme = if secure { ", scheme = 'https'" } else { "" };
        let keys = format!("upstreams = ['u0', 'u1'], servers = ['10.9.9.9:443']{scheme}");
        prop_assert!(there_and_back("nginx-upstream", &keys, &text, mode)?);
    }

    #[test]
    fn a_text_is_replaced_and_put_back_to_the_byte(
        before in "(?s)[ -~é\r\n]{0,60}", find in "[ -z]{1,6}", with in "[ -z]{0,6}", after in "(?s)[ -~é\r\n]{0,60}", mode in 0o400_u32..0o1000,
    ) {
        let text = format!("{before}{find}{after}");
        let keys = format!("find = {}, replace = {}", quoted(&find), quoted(&with));
        there_and_back("edit", &keys, &text, mode)?;
    }
}

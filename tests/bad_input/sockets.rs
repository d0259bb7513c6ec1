//! Two engines, dead engines' sockets, and folders that are not private.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::home::{Home, WALK, until};
use super::records::go_on;

fn waiting(home: &Home) -> String {
    home.write("yes.toml", "format = 1\napprove = [\"first\"]\n");
    let said = home.runsheet(&WALK);
    said.expect(4, &["the gate of step second"]);
    said.run()
}

#[test]
fn a_second_engine_on_the_same_run_is_refused_and_the_first_is_not_disturbed() {
    let home = Home::with_two_steps();
    let run = waiting(&home);
    let before = home.events(&run).len();
    let said = home.runsheet(&["engine", &run]);
    said.expect(1, &["another engine holds this run", "attach"]);
    assert_eq!(home.events(&run).len(), before);
    assert!(
        home.path()
            .join(format!("run/runsheet/{run}.sock"))
            .exists(),
        "its socket was taken away"
    );
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
}

#[test]
fn a_socket_left_by_a_dead_engine_is_in_nobodys_way() {
    let home = Home::with_two_steps();
    let run = waiting(&home);
    home.kill_engine(&run);
    let socket = home.path().join(format!("run/runsheet/{run}.sock"));
    assert!(socket.exists(), "left by the dead");
    home.runsheet(&["show", &run])
        .expect(0, &["no engine holds it: attach to go on"]);
    go_on(&home, &run);
    assert_eq!(home.counted(), (1, 1));
    until("the socket is gone", || !socket.exists());
}

#[test]
fn a_folder_of_sockets_that_others_can_read_is_refused_and_nothing_is_lost() {
    let home = Home::with_two_steps();
    let run = waiting(&home);
    home.kill_engine(&run);
    let folder = home.path().join("run/runsheet");
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    home.write("yes.toml", super::home::YES);
    let said = home.walk();
    said.expect(
        1,
        &["run/runsheet is not private", "mode 755", "chmod 0700"],
    );
    let runs = fs::read_dir(home.path().join("state/runsheet/runs"))
        .unwrap()
        .count();
    assert_eq!(runs, 1, "a run was opened that nobody can come to");
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    go_on(&home, &run);
}

#[test]
fn a_state_folder_that_others_can_read_is_refused() {
    let home = Home::with_two_steps();
    home.walk().expect(0, &[]);
    let runs = home.path().join("state/runsheet/runs");
    fs::set_permissions(&runs, Permissions::from_mode(0o750)).unwrap();
    for words in [&["runs"][..], &["show", "latest"], &WALK] {
        home.runsheet(words).expect(
            1,
            &["runsheet/runs is not private", "mode 750", "chmod 0700"],
        );
    }
}

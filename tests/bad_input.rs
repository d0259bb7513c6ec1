//! What bad input gets: an error that says what, where and what to try, and nothing is lost.
//!
//! Every test runs the real binary in folders of its own. What needs an sshd or root says loudly where it was
//! left out.

mod bad_input {
    mod arguments;
    mod bastion;
    mod clients;
    mod desk;
    mod disk;
    mod edits;
    mod engines;
    mod files;
    mod home;
    mod hostile;
    mod hosts;
    mod lists;
    mod logout;
    mod machine;
    mod mice;
    mod pagers;
    mod plain;
    mod records;
    mod reread;
    mod said;
    #[path = "../faults/size.rs"]
    mod size;
    mod sockets;
    #[path = "../sshd/mod.rs"]
    mod sshd;
    mod talk;
    mod terminal;
    mod terminals;
}

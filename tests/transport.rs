//! The transport against real shells: dash, bash and busybox, and an sshd of its own.

mod transport {
    mod fence;
    mod local;
    #[path = "../faults/size.rs"]
    mod size;
    mod ssh;
    #[path = "../sshd/mod.rs"]
    mod sshd;
    pub mod stage;
    mod terminal;
}

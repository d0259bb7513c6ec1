//! The transport against real shells: dash, bash and busybox, and an sshd of its own.

mod transport {
    mod local;
    mod ssh;
    pub mod stage;
}
